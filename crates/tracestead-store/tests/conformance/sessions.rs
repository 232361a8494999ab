//! Sessions, in memory and in the database.

use std::collections::BTreeMap;

use tokio::runtime::Runtime;
use tracestead_model::UnixNanos;
use tracestead_model::query::{Field, Filter, SessionStats, TraceQuery, TraceRecord};
use tracestead_store::Batch;

use crate::captures::CAPTURES;
use crate::place::{Engine, Place};
use crate::support::NOW;

/// What the page of sessions has to be: this is the specification.
fn specify(traces: &[TraceRecord]) -> Vec<SessionStats> {
    let mut sessions: BTreeMap<String, Vec<&TraceRecord>> = BTreeMap::new();
    for trace in traces {
        if let Some(session_id) = &trace.session_id {
            sessions.entry(session_id.clone()).or_default().push(trace);
        }
    }
    let max = |of: &[&TraceRecord], field: fn(&TraceRecord) -> &Option<String>| {
        of.iter().filter_map(|trace| field(trace).clone()).max()
    };
    let mut stats: Vec<(SessionStats, i64)> = sessions
        .into_iter()
        .map(|(session_id, of)| {
            let created = || of.iter().map(|trace| trace.created_at.clone());
            let stats = SessionStats {
                session_id,
                user_id: max(&of, |trace| &trace.user_id),
                agent_id: max(&of, |trace| &trace.agent_id),
                team_id: max(&of, |trace| &trace.team_id),
                workflow_id: max(&of, |trace| &trace.workflow_id),
                total_traces: i64::try_from(of.len()).unwrap(),
                first_trace_at: created().min().unwrap(),
                last_trace_at: created().max().unwrap(),
            };
            (stats, of.iter().map(|trace| trace.start_time_ns).max().unwrap())
        })
        .collect();
    stats.sort_by(|(a, a_started), (b, b_started)| {
        (&b.last_trace_at, b_started, &a.session_id).cmp(&(&a.last_trace_at, a_started, &b.session_id))
    });
    stats.into_iter().map(|(stats, _)| stats).collect()
}

pub(crate) fn answers(engine: Engine) {
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        let store = place.open();
        for (at, capture) in CAPTURES.iter().enumerate() {
            // Some of them at the same time, some in whole seconds.
            let received_at = UnixNanos::from_i64(NOW + i64::try_from(at / 3).unwrap() * 774_043_837);
            let batch = Batch::prepare(capture.spans.clone(), Vec::new(), received_at, store.prices());
            store.ingest(batch).await.unwrap();
        }
        let all = store.traces(TraceQuery { limit: u32::MAX, ..TraceQuery::default() }).await.unwrap();
        let expected = specify(&all);
        assert!(expected.len() > 10);
        let (answered, count) = store.sessions(None, u32::MAX, 0).await.unwrap();
        assert_eq!(answered, expected);
        assert_eq!(count, expected.len() as u64);
        let (page, count) = store.sessions(None, 4, 3).await.unwrap();
        assert_eq!((page.as_slice(), count), (&expected[3..7], expected.len() as u64));

        let status = Filter::equals(Field::Status, "ERROR");
        let failed: Vec<TraceRecord> = all.iter().filter(|trace| trace.status == "ERROR").cloned().collect();
        let (answered, _) = store.sessions(Some(status), u32::MAX, 0).await.unwrap();
        assert_eq!(answered, specify(&failed));

        let mut ids: Vec<String> = all.iter().filter_map(|trace| trace.agent_id.clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(store.run_ids(1000).await.unwrap()[0], ids);
        store.close().await;
    });
}
