//! `tracestead traces`: the list.

mod show;

use tracestead_model::query::{Comparison, Field, Filter, FilterValue, PageStart, TraceQuery, TraceRecord};
use tracestead_store::DatabaseUrl;

use super::show::{Table, clock_times, cut, duration, one_line, thousands, trace_row};
use super::{now, open_to_read};
use crate::ExitCode;
use crate::arguments::{self, TracesCommand};
use crate::printer::{self, Style};

/// How many digits of an id are shown: enough to tell millions of traces apart.
pub(super) const SHORT_ID: usize = 12;

/// From this width on there is room for who ran beside the name, and for costs.
pub(super) const WIDE: usize = 120;

/// How many traces are read at once.
const PAGE: u32 = 500;

pub(crate) async fn run(arguments: &arguments::Traces) -> anyhow::Result<ExitCode> {
    match &arguments.show {
        None => list(arguments).await,
        Some(TracesCommand::Show { id, source }) => {
            // `traces --db X show ID` and `traces show ID --db X` are the same.
            let mut source = source.clone();
            source.db = source.db.or_else(|| arguments.source.db.clone());
            source.config = source.config.or_else(|| arguments.source.config.clone());
            show::run(&source, id, arguments.json).await
        }
    }
}

async fn list(arguments: &arguments::Traces) -> anyhow::Result<ExitCode> {
    let store = open_to_read(&arguments.source).await?;
    let filter = filter(arguments);
    let is_filtered = filter.is_some();
    let mut traces = Vec::new();
    let mut from = PageStart::Newest;
    let mut has_more = false;
    while !has_more {
        // One more than asked for tells whether there are more.
        let wanted = (arguments.limit + 1).saturating_sub(u32::try_from(traces.len()).unwrap_or(u32::MAX));
        let limit = wanted.min(PAGE);
        let page = store.traces(TraceQuery { filter: filter.clone(), limit, from }).await?;
        let Some(last) = page.last() else { break };
        from = PageStart::After { start_time_ns: last.start_time_ns, trace_id: last.trace_id.clone() };
        let is_full = page.len() == limit as usize;
        for trace in page {
            if traces.len() == arguments.limit as usize {
                has_more = true;
            } else if arguments.json {
                printer::line(&trace_row(&trace).to_string())?;
                traces.push(TraceRecord::default());
            } else {
                traces.push(trace);
            }
        }
        if !is_full {
            break;
        }
    }
    if traces.is_empty() {
        printer::note(if is_filtered {
            "no trace matches; `tracestead traces` without filters lists all"
        } else {
            "there are no traces yet; `tracestead serve` takes them, `tracestead demo` makes some to look at"
        });
    } else if !arguments.json {
        for line in table(&traces).lines(printer::width()) {
            printer::line(&line)?;
        }
        let more = if has_more { "there are more: --limit shows them; " } else { "" };
        let id = short(&traces[0].trace_id);
        let source = arguments
            .source
            .db
            .as_ref()
            .map(|db| format!(" --db {}", DatabaseUrl::redact(db)))
            .unwrap_or_default();
        let hint = format!("{more}`tracestead traces show {id}{source}` shows a trace as a tree");
        printer::note(&Style::Dim.paint(&hint));
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn filter(arguments: &arguments::Traces) -> Option<Filter> {
    let equal = [
        (Field::SessionId, &arguments.session),
        (Field::UserId, &arguments.user),
        (Field::AgentId, &arguments.agent),
        (Field::TeamId, &arguments.team),
        (Field::WorkflowId, &arguments.workflow),
        (Field::RunId, &arguments.run),
    ];
    let mut filters: Vec<Filter> = equal
        .into_iter()
        .filter_map(|(field, value)| value.as_ref().map(|value| Filter::equals(field, value)))
        .collect();
    if let Some(status) = &arguments.status {
        filters.push(Filter::equals(Field::Status, status.to_ascii_uppercase()));
    }
    if let Some(name) = &arguments.name {
        filters.push(Filter::Contains(Field::Name, name.clone()));
    }
    let bounds = [(Comparison::Gte, arguments.since), (Comparison::Lt, arguments.until)];
    for (comparison, when) in bounds {
        if let Some(when) = when {
            let time = FilterValue::Time(when.instant(now()));
            filters.push(Filter::Compare(Field::StartTime, comparison, time));
        }
    }
    Filter::all(filters)
}

fn table(traces: &[TraceRecord]) -> Table {
    let is_wide = printer::width() >= WIDE;
    let times: Vec<i64> = traces.iter().map(|trace| trace.start_time_ns).collect();
    let mut table = Table::default().left(" ").left("START UTC").left("NAME");
    if is_wide {
        table = table.left("WHO");
    }
    table = table.rest("INPUT").right("TOKENS").right("TOOK").right("SPANS").left("TRACE");
    for (trace, time) in traces.iter().zip(clock_times(&times, now())) {
        let (mark, mark_style) = mark(&trace.status);
        let ids = [&trace.agent_id, &trace.team_id, &trace.workflow_id];
        let names = [&trace.agent_name, &trace.team_name, &trace.workflow_name];
        // Ids are what filters take, and not every framework has them.
        let who = ids.into_iter().chain(names).find_map(Option::as_ref);
        let input = trace.input_preview.as_deref().map(one_line).unwrap_or_default();
        let mut cells = vec![
            (mark.to_owned(), mark_style),
            (time, Style::Plain),
            (cut(&one_line(&trace.name), 28), Style::Bold),
        ];
        if is_wide {
            cells.push((cut(&one_line(who.map_or("", String::as_str)), 24), Style::Cyan));
        }
        cells.extend([
            (input, Style::Plain),
            (trace.total_tokens.map(thousands).unwrap_or_default(), Style::Plain),
            (duration(trace.end_time_ns.saturating_sub(trace.start_time_ns)), Style::Plain),
            (trace.span_count.to_string(), Style::Plain),
            (short(&trace.trace_id), Style::Dim),
        ]);
        table.row(cells);
    }
    table
}

/// Returns a status at a glance.
pub(super) fn mark(status: &str) -> (&'static str, Style) {
    match status {
        "ERROR" => ("✗", Style::Red),
        "OK" => ("✓", Style::Green),
        _ => ("·", Style::Dim),
    }
}

/// Returns the beginning of an id, which `traces show` accepts; an id that is not hexadecimal stays whole.
pub(super) fn short(trace_id: &str) -> String {
    let is_hex = trace_id.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_hex { trace_id.chars().take(SHORT_ID).collect() } else { one_line(trace_id) }
}
