//! Databases that are searched by vectors, as instrumented by OpenLLMetry and OpenTelemetry.
//!
//! Source: OpenLLMetry's vector database instrumentations; OpenTelemetry's database conventions.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

pub(crate) const SYSTEM: &str = "db.system";
pub(crate) const SYSTEM_NAME: &str = "db.system.name";
pub(crate) const COLLECTION: &str = "db.collection.name";
pub(crate) const TOP_K: &str = "db.vector.query.top_k";
pub(crate) const PINECONE_TOP_K: &str = "pinecone.query.top_k";
/// One per document found.
pub(crate) const RESULT_EVENT: &str = "db.query.result";

const STORES: &[&str] = &[
    "pinecone", "qdrant", "chroma", "chromadb", "milvus", "weaviate", "lancedb", "marqo", "vespa",
    "pgvector", "redisvl",
];
const QUERIES: &[&str] = &["query", "search", "retrieve", "find", "hybrid", "recommend", "get"];

/// Reads whether the span searches a vector store.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    if reader.has(TOP_K) || reader.has(PINECONE_TOP_K) {
        return Some(SpanType::Retriever);
    }
    let store = reader.text(SYSTEM_NAME).or_else(|| reader.text(SYSTEM))?.to_ascii_lowercase();
    let operation =
        reader.text("db.operation.name").or_else(|| reader.text("db.operation"))?.to_ascii_lowercase();
    let is_search = STORES.contains(&store.as_str()) && QUERIES.iter().any(|query| operation.contains(query));
    is_search.then_some(SpanType::Retriever)
}
