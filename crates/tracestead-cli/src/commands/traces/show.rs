//! `tracestead traces show`: one trace as a tree.

use serde_json::json;
use tracestead_model::SpanType;
use tracestead_model::query::{SpanRecord, TraceRecord};

use super::mark;
use crate::ExitCode;
use crate::arguments::Source;
use crate::commands::open_to_read;
use crate::commands::show::{
    Line, about, called, clock_time, columns, cut, duration, failure, find_trace, lay_out, one_line,
    span_cost, span_row, thousands, trace_cost, trace_row, type_style,
};
use crate::printer::{self, Style};

/// How much of an error's message is shown.
const MESSAGE_CHARS: usize = 400;

pub(super) async fn run(source: &Source, id: &str, is_json: bool) -> anyhow::Result<ExitCode> {
    let store = open_to_read(source).await?;
    let found = find_trace(&store, id).await?.one(id);
    let trace = match found {
        Ok(trace) => trace,
        Err((text, code)) => {
            printer::error(&anyhow::Error::msg(text));
            return Ok(ExitCode::from(code));
        }
    };
    let spans = store.light_spans(&trace.trace_id).await?;
    store.close().await;
    let lines = lay_out(&spans);
    if is_json {
        let spans: Vec<_> = lines.iter().map(|line| placed_row(line, &spans[line.index])).collect();
        printer::line(&json!({"trace": trace_row(&trace), "spans": spans}).to_string())?;
    } else {
        for line in header(&trace).iter().chain([&String::new()]).chain(&tree(&spans, &lines)) {
            printer::line(line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn placed_row(line: &Line, span: &SpanRecord) -> serde_json::Value {
    let mut row = span_row(span);
    row["depth"] = json!(line.depth);
    row["orphan"] = json!(line.orphan);
    row
}

fn header(trace: &TraceRecord) -> Vec<String> {
    let (mark, style) = mark(&trace.status);
    let name = Style::Bold.paint(&one_line(&trace.name));
    let length = duration(trace.end_time_ns.saturating_sub(trace.start_time_ns));
    let start = clock_time(trace.start_time_ns);
    let mut lines = vec![format!("{} {name}  {}", style.paint(mark), style.paint(&one_line(&trace.status)))];
    let mut say = |label: &str, text: &str| {
        if !text.is_empty() {
            let text = cut(&one_line(text), printer::width().saturating_sub(12));
            lines.push(format!("  {} {text}", Style::Dim.paint(&format!("{label:<9}"))));
        }
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    say("trace", &trace.trace_id);
    say("when", &format!("{start} UTC, took {length}"));
    let failed = match trace.error_span_count {
        0 => String::new(),
        count => format!(", {count} failed"),
    };
    say("spans", &format!("{}{failed}", trace.span_count));
    say("tokens", &tokens(trace));
    say("cost", &trace_cost(trace));
    say("models", &trace.models.join(", "));
    say("session", &text(&trace.session_id));
    say("user", &text(&trace.user_id));
    say("agent", &called(trace.agent_name.as_deref(), trace.agent_id.as_deref()));
    say("team", &called(trace.team_name.as_deref(), trace.team_id.as_deref()));
    say("workflow", &called(trace.workflow_name.as_deref(), trace.workflow_id.as_deref()));
    let environment =
        trace.environment.as_ref().map(|environment| format!(" ({environment})")).unwrap_or_default();
    say("service", &format!("{}{environment}", text(&trace.service_name)));
    say("release", &text(&trace.release));
    say("tags", &trace.tags.join(", "));
    say("input", &text(&trace.input_preview));
    say("output", &text(&trace.output_preview));
    lines
}

fn tokens(trace: &TraceRecord) -> String {
    let count = |count: Option<i64>, of: &str| count.map(|count| format!("{} {of}", thousands(count)));
    let counts = [
        count(trace.input_tokens, "in"),
        count(trace.output_tokens, "out"),
        count(trace.total_tokens, "in all"),
    ];
    counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn tree(spans: &[SpanRecord], lines: &[Line]) -> Vec<String> {
    let length = |span: &SpanRecord| match span.end_time_ns {
        Some(end) => duration(end.saturating_sub(span.start_time_ns)),
        None => "no end".to_owned(),
    };
    let name = |line: &Line| {
        let span = &spans[line.index];
        let orphan = if line.orphan { " (its parent has not arrived)" } else { "" };
        format!("{}{orphan}", one_line(&span.name))
    };
    let left_columns = |line: &Line| {
        columns(&line.guides) + columns(&spans[line.index].span_type) + 1 + columns(&name(line))
    };
    let room = printer::width().saturating_sub(44).max(40);
    let left = lines.iter().map(left_columns).max().unwrap_or(0).min(room);
    let costs: Vec<String> = spans.iter().map(span_cost).collect();
    let cost_columns = costs.iter().map(|cost| columns(cost)).max().unwrap_or(0);
    let mut text = Vec::with_capacity(lines.len());
    for line in lines {
        let span = &spans[line.index];
        // Some frameworks tell that a call failed, and of what, without giving its span a status.
        let is_error = span.status_code == "ERROR" || span.error_type.is_some();
        let span_type = one_line(&span.span_type);
        let before = columns(&line.guides) + columns(&span_type) + 1;
        let name = cut(&name(line), left.saturating_sub(before).max(12));
        let blank = " ".repeat(left.saturating_sub(before + columns(&name)));
        let tokens = span.total_tokens.map(|tokens| thousands(tokens) + " tokens").unwrap_or_default();
        let cost = match cost_columns {
            0 => String::new(),
            width => format!("  {:>width$}", costs[line.index]),
        };
        let about = Style::Dim.paint(&about(span));
        let after = format!("  {:>8}  {tokens:>13}{cost}  {about}", length(span));
        text.push(
            format!(
                "{}{} {}{blank}{after}",
                Style::Dim.paint(&line.guides),
                type_style(SpanType::from_stored(&span.span_type)).paint(&span_type),
                if is_error { Style::Red } else { Style::Plain }.paint(&name),
            )
            .trim_end()
            .to_owned(),
        );
        if is_error {
            let message = failure(span).unwrap_or_else(|| "failed without saying why".to_owned());
            let message = Style::Red.paint(&format!("✗ {}", cut(&message, MESSAGE_CHARS)));
            text.push(format!("{}{message}", Style::Dim.paint(&line.guides_below)));
        }
    }
    text
}
