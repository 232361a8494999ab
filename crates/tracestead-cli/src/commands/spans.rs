//! `tracestead spans`.

use tracestead_model::query::SpanRecord;
use tracestead_store::SpanQuery;

use super::show::{
    Table, about, clock_times, cut, duration, failure, find_trace, one_line, span_cost, span_row, thousands,
    type_style,
};
use super::traces::{WIDE, mark, short};
use super::{now, open_to_read};
use crate::ExitCode;
use crate::arguments;
use crate::printer::{self, Style};

pub(crate) async fn run(arguments: &arguments::Spans) -> anyhow::Result<ExitCode> {
    let store = open_to_read(&arguments.source).await?;
    let mut query = SpanQuery {
        trace_id: None,
        span_type: arguments.span_type.as_ref().map(|span_type| span_type.to_ascii_uppercase()),
        status_code: arguments.status.as_ref().map(|status| status.to_ascii_uppercase()),
        name: arguments.name.clone(),
        limit: arguments.limit,
    };
    if let Some(asked) = &arguments.trace {
        match find_trace(&store, asked).await?.one(asked) {
            Ok(trace) => query.trace_id = Some(trace.trace_id),
            Err((text, code)) => {
                printer::error(&anyhow::Error::msg(text));
                return Ok(ExitCode::from(code));
            }
        }
    }
    let is_filtered = query.span_type.is_some() || query.status_code.is_some() || query.name.is_some();
    let spans = store.spans(query).await?;
    store.close().await;
    if spans.is_empty() {
        printer::note(if is_filtered {
            "no span matches; `tracestead spans` without filters lists all"
        } else {
            "there are no spans yet; `tracestead serve` takes them, `tracestead demo` makes some to look at"
        });
    } else if arguments.json {
        for span in &spans {
            printer::line(&span_row(span).to_string())?;
        }
    } else {
        for line in table(&spans).lines(printer::width()) {
            printer::line(&line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(spans: &[SpanRecord]) -> Table {
    let table = Table::default().left(" ").left("START UTC").left("TYPE").left("NAME");
    let costs: Vec<String> = spans.iter().map(span_cost).collect();
    // Spans that call no model have no cost; then the column would be empty.
    let has_costs = printer::width() >= WIDE && costs.iter().any(|cost| !cost.is_empty());
    let mut table = table.rest("ABOUT").right("TOKENS");
    if has_costs {
        table = table.right("COST");
    }
    let mut table = table.right("TOOK").left("TRACE");
    let times: Vec<i64> = spans.iter().map(|span| span.start_time_ns).collect();
    for ((span, cost), time) in spans.iter().zip(costs).zip(clock_times(&times, now())) {
        let (mark, mark_style) = mark(&span.status_code);
        let failure = failure(span);
        let about_style = if failure.is_some() { Style::Red } else { Style::Plain };
        let length = match span.end_time_ns {
            Some(end) => duration(end.saturating_sub(span.start_time_ns)),
            None => "no end".to_owned(),
        };
        let mut cells = vec![
            (mark.to_owned(), mark_style),
            (time, Style::Plain),
            (one_line(&span.span_type), type_style(span.span_type())),
            (cut(&one_line(&span.name), 30), Style::Bold),
            (failure.unwrap_or_else(|| about(span)), about_style),
            (span.total_tokens.map(thousands).unwrap_or_default(), Style::Plain),
        ];
        if has_costs {
            cells.push((cost, Style::Plain));
        }
        cells.extend([(length, Style::Plain), (short(&span.trace_id), Style::Dim)]);
        table.row(cells);
    }
    table
}
