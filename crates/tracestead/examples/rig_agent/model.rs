//! A model that answers like OpenAI's, in this process: it asks for a tool, then says what the tool said.

use std::convert::Infallible;
use std::io;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, routing::post};
use serde_json::{Value, json};

/// Serves on a free port of this machine; returns the base URL.
pub(crate) async fn serve() -> io::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1", listener.local_addr()?);
    let router = Router::new().route("/v1/chat/completions", post(complete));
    tokio::spawn(async { axum::serve(listener, router).await });
    Ok(url)
}

async fn complete(Json(request): Json<Value>) -> Response {
    let (message, finish_reason) = answer(&request);
    if request["stream"] == true {
        let chunk = |choices: Value, usage: Value| {
            let chunk = json!({
                "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": "gpt-4o-mini-2024-07-18",
                "choices": choices, "usage": usage,
            });
            Event::default().data(chunk.to_string())
        };
        let said = json!([{"index": 0, "delta": message, "finish_reason": null}]);
        let end = json!([{"index": 0, "delta": {}, "finish_reason": finish_reason}]);
        let events = [
            chunk(said, Value::Null),
            chunk(end, Value::Null),
            chunk(json!([]), usage()),
            Event::default().data("[DONE]"),
        ];
        return Sse::new(futures::stream::iter(events.map(Ok::<_, Infallible>))).into_response();
    }
    let whole = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}], "usage": usage(),
    });
    Json(whole).into_response()
}

/// Returns the next message, and why it ends.
fn answer(request: &Value) -> (Value, &'static str) {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |message: &Value| match &message["content"] {
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        content => content.as_str().unwrap_or_default().to_owned(),
    };
    let last = messages.last().cloned().unwrap_or_default();
    if last["role"] == "tool" {
        return (json!({"role": "assistant", "content": format!("I was told: {}", text(&last))}), "stop");
    }
    let question = text(&last);
    let name = if question.contains("forecast") { "forecast" } else { "get_weather" };
    let city = if question.contains("Oslo") { "Oslo" } else { "Paris" };
    let call = json!({
        "index": 0, "id": "call_1", "type": "function",
        "function": {"name": name, "arguments": json!({"city": city}).to_string()},
    });
    (json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
}

fn usage() -> Value {
    json!({"prompt_tokens": 57, "completion_tokens": 19, "total_tokens": 76})
}
