//! The dialects in which frameworks describe their spans, one file each: the keys, and what their values mean.
//!
//! Pure functions of one span. Which dialect is asked first for which fact is decided in one place,
//! `facts/precedence.rs`, and not here.

pub(crate) mod adk;
pub(crate) mod agno;
pub(crate) mod autogen;
pub(crate) mod crewai;
pub(crate) mod genai;
pub(crate) mod genkit;
pub(crate) mod haystack;
pub(crate) mod hooks;
pub(crate) mod langfuse;
pub(crate) mod langgraph;
pub(crate) mod langsmith;
pub(crate) mod livekit;
pub(crate) mod llama_index;
pub(crate) mod logfire;
pub(crate) mod mastra;
pub(crate) mod mcp;
pub(crate) mod mlflow;
pub(crate) mod openai_agents;
pub(crate) mod openinference;
pub(crate) mod openllmetry;
pub(crate) mod pydantic_ai;
pub(crate) mod rig;
pub(crate) mod semantic_kernel;
pub(crate) mod smolagents;
pub(crate) mod strands;
pub(crate) mod traceloop;
pub(crate) mod vector_store;
pub(crate) mod vercel;
