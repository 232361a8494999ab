//! Traces that Agno alone wrote, in tables that Agno made.

use tokio::runtime::Runtime;

use super::*;
use crate::agno;
use crate::attached::filled;

/// Returns the rows of one trace, all columns but ours included.
fn rows_of(contents: &[String], trace_id: &str) -> Vec<String> {
    let of_trace = |row: &&String| {
        let is_stored = row.starts_with("agno_traces ") || row.starts_with("agno_spans ");
        is_stored && row.contains(&format!(" trace_id=Some({trace_id:?})"))
    };
    contents.iter().filter(of_trace).cloned().collect()
}

pub(crate) fn of_agno_alone(engine: Engine) {
    let place = Place::new(engine);
    agno::make_tables(&place);
    agno::write(&place, "1 = 1", "1 = 1");
    Runtime::new().unwrap().block_on(async {
        let store = filled(&place).await;
        make_agnos_tables(&place);
        let before = place.contents();
        let all = listed(&store).await;
        // All ended within minutes, so it is a moment in the middle that tells who is old.
        let now = UnixNanos::from_i64(all[all.len() / 2].end_time_ns + 1);
        let errors = RetentionRule { status: Some("ERROR".to_owned()), ..RetentionRule::default() };
        let of_user = RetentionRule { user_id: Some("u6".to_owned()), ..RetentionRule::default() };
        let retention = Retention { rules: vec![errors, of_user, older_than(0)], max_bytes: None };
        let (going, staying): (Vec<TraceRecord>, Vec<TraceRecord>) =
            all.into_iter().partition(|trace| retention.expired(trace, now).is_some());
        assert!(going.len() > 20 && staying.len() > 20, "{} go, {} stay", going.len(), staying.len());

        let pruned = prune(&store, &Prune::Rules(retention), now).await;
        let spans: i64 = going.iter().map(|trace| trace.span_count).sum();
        assert_eq!((pruned.traces, pruned.spans), (going.len() as u64, spans.unsigned_abs()));
        assert_eq!(listed(&store).await, staying);
        let after = place.contents();
        for trace in &staying {
            same(&rows_of(&before, &trace.trace_id), &rows_of(&after, &trace.trace_id));
        }
        for trace in &going {
            assert_eq!(rows_of(&after, &trace.trace_id), Vec::<String>::new());
        }
        sums_are_right(&place, &store).await;

        assert!(prune(&store, &Prune::User("u6".to_owned()), now).await.traces > 0);
        let of_user = |row: &String| row.starts_with("agno_") && row.contains("=Some(\"u6\")");
        assert!(before.iter().any(of_user));
        assert_eq!(place.contents().into_iter().find(of_user), None);
        sums_are_right(&place, &store).await;
        check_agnos_tables(&place);
        store.close().await;

        // Agno's own database may be copied back, and is read anew.
        agno::write(&place, "1 = 1", "1 = 1");
        let store = filled(&place).await;
        same(&before, &place.contents());
        store.close().await;
    });
}
