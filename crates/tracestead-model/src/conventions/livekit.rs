//! LiveKit agents.
//!
//! Source: its documentation; no capture.

pub(crate) const USER_INPUT: &str = "lk.user_input";
pub(crate) const CHAT_CONTEXT: &str = "lk.chat_ctx";
pub(crate) const RESPONSE_TEXT: &str = "lk.response.text";
pub(crate) const TOOL_OUTPUT: &str = "lk.function_tool.output";
