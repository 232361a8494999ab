//! Searches for documents, and embeddings.

use serde_json::{Map, Value as Json};

use crate::conventions::{agno, genai, langsmith, llama_index, openinference, vector_store, vercel};
use crate::facts::reader::{At, Reader, parse, structure};
use crate::json::to_json;
use crate::{SpanType, Value};

use super::flattened::Flattened;
use super::{Document, Embedding, Retrieval, json_or_text, payload};

/// Reads the search a span made.
pub(super) fn retrieval(
    reader: &Reader<'_>,
    flattened: &Flattened<'_>,
    span_type: SpanType,
) -> Option<Retrieval> {
    if !matches!(span_type, SpanType::Retriever | SpanType::Reranker) {
        return None;
    }
    let text = |keys: &[&str]| keys.iter().find_map(|key| reader.text(key)).map(str::to_owned);
    let query = text(&[genai::RETRIEVAL_QUERY, "retrieval.query", "reranker.query", genai::MEMORY_QUERY])
        .or_else(|| payload::input(reader).map(|payload| query_of(&payload.value)));
    let documents = documents(reader, flattened);
    let k = ["reranker.top_k", vector_store::TOP_K, vector_store::PINECONE_TOP_K, genai::TOP_K, "top_k", "k"]
        .iter()
        .find_map(|key| reader.count(key));
    let store = reader.first(&[
        At::Key(genai::DATA_SOURCE_ID),
        At::Key(vector_store::SYSTEM_NAME),
        At::Key(vector_store::SYSTEM),
        At::Key(vector_store::COLLECTION),
        At::Key(genai::MEMORY_STORE_ID),
        At::Key(langsmith::VECTOR_STORE),
        At::Field(openinference::METADATA, "ls_vector_store_provider"),
        At::Key(agno::KNOWLEDGE),
    ]);
    Some(Retrieval { query, k, store, documents })
}

/// A query may be wrapped: `{"query": "…"}`, `{"args": ["…"], "kwargs": {}}`.
fn query_of(text: &str) -> String {
    let Some(json) = parse(text) else { return text.to_owned() };
    let inner = ["query", "query_str", "input", "question"].iter().find_map(|key| json.get(key)?.as_str());
    let nested = || json.pointer("/query_bundle/query_str").and_then(Json::as_str);
    let argument = || json.pointer("/args/0").and_then(Json::as_str);
    inner.or_else(nested).or_else(argument).unwrap_or(text).to_owned()
}

fn documents(reader: &Reader<'_>, flattened: &Flattened<'_>) -> Vec<Document> {
    let listed = |prefix: &str| -> Vec<Document> {
        flattened.list(prefix).iter().map(|item| flat_document(&item.under("document"))).collect()
    };
    let payload = || payload::output(reader).and_then(|payload| parse(&payload.value));
    let places: [&dyn Fn() -> Vec<Document>; 6] = [
        &|| listed("retrieval.documents"),
        &|| listed("reranker.output_documents"),
        &|| reader.json(genai::RETRIEVAL_DOCUMENTS).map(|json| json_documents(&json)).unwrap_or_default(),
        &|| reader.json(genai::MEMORY_RECORDS).map(|json| json_documents(&json)).unwrap_or_default(),
        &|| {
            let results =
                reader.source.events.iter().filter(|event| event.name == vector_store::RESULT_EVENT);
            let objects = results.map(|event| {
                let pairs = event.attributes.iter().map(|(key, value)| {
                    (
                        key.rsplit('.').next().unwrap_or(key).to_owned(),
                        structure(value).unwrap_or_else(|| to_json(value)),
                    )
                });
                Json::Object(pairs.collect())
            });
            objects.filter_map(|json| json_document(&json)).collect()
        },
        &|| payload().map(|json| json_documents(&json)).unwrap_or_default(),
    ];
    places.iter().map(|read| read()).find(|documents| !documents.is_empty()).unwrap_or_default()
}

fn flat_document(document: &Flattened<'_>) -> Document {
    Document {
        id: document.value("id").map(|id| match id {
            Value::String(text) => text.clone(),
            value => to_json(value).to_string(),
        }),
        content: document.text("content").unwrap_or_default().to_owned(),
        score: document.value("score").and_then(Value::as_f64),
        metadata: document.text("metadata").map_or(Json::Object(Map::new()), json_or_text),
    }
}

fn json_documents(json: &Json) -> Vec<Document> {
    let list = json.as_array().or_else(|| {
        ["documents", "nodes", "results", "output"].iter().find_map(|key| json.get(*key)?.as_array())
    });
    list.map(|items| items.iter().filter_map(json_document).collect()).unwrap_or_default()
}

fn json_document(json: &Json) -> Option<Document> {
    let own = json.as_object()?;
    // LangChain's and LlamaIndex's wrappers.
    let object = [llama_index::NODE, "document", "kwargs"]
        .iter()
        .find_map(|key| own.get(*key)?.as_object())
        .unwrap_or(own);
    let content = ["page_content", "content", "text", "document", "chunk"]
        .iter()
        .find_map(|key| object.get(*key)?.as_str());
    let id = ["id", "id_", "node_id"].iter().find_map(|key| object.get(*key)).map(|id| match id {
        Json::String(text) => text.clone(),
        id => id.to_string(),
    });
    let score = ["score", "distance", "relevance_score"]
        .iter()
        .find_map(|key| own.get(*key).or_else(|| object.get(*key)));
    if content.is_none() && id.is_none() && score.is_none() {
        return None;
    }
    Some(Document {
        id,
        content: content.unwrap_or_default().to_owned(),
        score: score
            .and_then(|score| score.as_f64().or_else(|| score.as_str()?.parse().ok()))
            .filter(|score| score.is_finite()),
        metadata: object.get("metadata").cloned().unwrap_or_else(|| Json::Object(Map::new())),
    })
}

/// Reads what a span embedded. Vectors are counted, not kept: nobody reads them.
pub(super) fn embedding(
    reader: &Reader<'_>,
    flattened: &Flattened<'_>,
    span_type: SpanType,
) -> Option<Embedding> {
    if span_type != SpanType::Embedding {
        return None;
    }
    let flat = flattened.list("embedding.embeddings");
    let mut texts: Vec<String> =
        flat.iter().filter_map(|item| item.text("embedding.text")).map(str::to_owned).collect();
    if texts.is_empty() {
        texts = vercel_values(reader);
    }
    if texts.is_empty() {
        let prompts = flattened.list("gen_ai.prompt");
        texts = prompts.iter().filter_map(|item| item.text("content")).map(str::to_owned).collect();
    }
    let vector = flat.iter().find_map(|item| item.value("embedding.vector"));
    let vectors = [vercel::EMBEDDINGS, vercel::EMBEDDING].iter().find_map(|key| reader.json(key));
    let dimensions = reader
        .count(genai::DIMENSION_COUNT)
        .or_else(|| vector.and_then(structure).and_then(|vector| length(&vector)))
        .or_else(|| {
            vectors.as_ref().and_then(|vectors| {
                length(vectors.get(0).filter(|first| !first.is_number()).unwrap_or(vectors))
            })
        });
    let count = i64::try_from(texts.len().max(flat.len())).unwrap_or(i64::MAX);
    Some(Embedding { texts, count, dimensions })
}

fn vercel_values(reader: &Reader<'_>) -> Vec<String> {
    let quoted = |text: &str| crate::facts::reader::unquoted(text);
    match reader.value(vercel::VALUES) {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(quoted).collect(),
        _ => reader.text(vercel::VALUE).map(quoted).into_iter().collect(),
    }
}

fn length(vector: &Json) -> Option<i64> {
    match vector {
        Json::Array(numbers) => i64::try_from(numbers.len()).ok(),
        Json::String(text) => length(&parse(text)?),
        _ => None,
    }
}
