//! Hours are summed from their spans, whole, by a thread of their own.
//!
//! A sum that is only added to needs a transaction with the spans. So the rows of an hour are written anew, each with the
//! time at which its spans were read as its version (`generation`). Of two servers that sum the same hour, the one that
//! read later stands. Rows of a step that the hour has no longer are marked as gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracestead_model::{SpanType, latency_bucket};

use crate::engine::Connector;
use crate::error::DatabaseError;
use crate::session::{Access, Session};
use crate::sql::{Row, Value};
use crate::write::rebuild::Rebuilt;
use crate::write::rollups::{HOUR_NS, Rollups};

/// An hour is left alone so long after it was touched: more will come.
const SETTLE: Duration = Duration::from_secs(1);

/// And so long after it was summed.
const PAUSE: Duration = Duration::from_secs(3);

/// Summing takes at most one part in so many of the time.
const SHARE: u32 = 20;

/// An error is tried again after so long.
const RETRY: Duration = Duration::from_secs(5);

/// What was summed so long before it was touched, as the clock of the database has it, may have been touched before.
const MARGIN_NS: i64 = 1_000_000_000;

/// At the start, hours are looked for that were stored to within so many days and not summed since.
const LOOK_BACK_DAYS: u32 = 1;

/// A span may have been stored so long before it could be read.
const STORING_NS: i64 = 60_000_000_000;

/// The hours whose sums are not what their spans say.
#[derive(Debug, Default)]
pub(crate) struct Hours {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    touched: BTreeMap<i64, Touched>,
    /// When those that were just summed may be summed again.
    resting: BTreeMap<i64, Instant>,
    is_closing: bool,
}

/// When an hour was touched since it was last summed.
#[derive(Debug, Clone, Copy)]
struct Touched {
    first: Instant,
    last: Instant,
}

impl Hours {
    pub(crate) fn touch(&self, hours: &[i64]) {
        let now = Instant::now();
        let mut state = self.lock();
        for hour in hours {
            state.touched.entry(*hour).or_insert(Touched { first: now, last: now }).last = now;
        }
        drop(state);
        self.changed.notify_one();
    }

    fn close(&self) {
        self.lock().is_closing = true;
        self.changed.notify_one();
    }

    /// Lets an hour rest that was just summed, or could not be.
    fn rest(&self, hour: i64, pause: Duration) {
        let now = Instant::now();
        let mut state = self.lock();
        state.resting.retain(|_, until| *until > now);
        state.resting.insert(hour, now + pause);
    }

    /// Waits for an hour that is to be summed; `None` when the store is closed and nothing is left.
    fn next(&self) -> Option<(i64, Touched)> {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let first = state.touched.keys().map(|hour| (state.due(*hour, now), *hour)).min();
            state = match first {
                Some((due, hour)) if due <= now => {
                    return state.touched.remove(&hour).map(|touched| (hour, touched));
                }
                Some((due, _)) => {
                    self.changed.wait_timeout(state, due - now).unwrap_or_else(PoisonError::into_inner).0
                }
                None if state.is_closing => return None,
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn is_closing(&self) -> bool {
        self.lock().is_closing
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns when the hour is to be summed: soon after it was first touched, but not too often.
    fn due(&self, hour: i64, now: Instant) -> Instant {
        if self.is_closing {
            return now;
        }
        let settled = self.touched.get(&hour).map_or(now, |touched| touched.first + SETTLE);
        self.resting.get(&hour).map_or(settled, |until| settled.max(*until))
    }
}

/// The thread that sums.
#[derive(Debug)]
pub(crate) struct Summing {
    hours: Arc<Hours>,
    thread: Option<JoinHandle<()>>,
}

impl Summing {
    /// Starts it, for a database whose hours are summed.
    pub(crate) fn start(connector: &Connector) -> std::io::Result<Option<Self>> {
        let Some(hours) = connector.hours() else { return Ok(None) };
        let (hours, of_thread, connector) = (Arc::clone(hours), Arc::clone(hours), connector.clone());
        let thread = std::thread::Builder::new().name("tracestead-hours".to_owned());
        let thread = thread.spawn(move || run(&of_thread, &connector))?;
        Ok(Some(Self { hours, thread: Some(thread) }))
    }
}

impl Drop for Summing {
    /// Sums what is left and ends.
    fn drop(&mut self) {
        self.hours.close();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that sums hours panicked");
        }
    }
}

fn run(hours: &Hours, connector: &Connector) {
    let mut session = None;
    match connected(&mut session, connector).and_then(left_over) {
        Ok(left_over) => hours.touch(&left_over),
        Err(error) => tracing::warn!(%error, "hours that were not summed before could not be found"),
    }
    while let Some((hour, touched)) = hours.next() {
        let began = Instant::now();
        let summed = connected(&mut session, connector).and_then(|session| {
            if is_summed(session, hour, touched.last)? { Ok(0) } else { sum(session, hour) }
        });
        match summed {
            Ok(_) => hours.rest(hour, PAUSE.max(began.elapsed() * SHARE)),
            Err(error) if hours.is_closing() => {
                tracing::warn!(%error, "an hour was not summed; the next start will find it");
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "an hour could not be summed; trying again");
                session = None;
                hours.rest(hour, RETRY);
                hours.touch(&[hour]);
            }
        }
    }
}

fn connected<'a>(
    session: &'a mut Option<Box<dyn Session>>,
    connector: &Connector,
) -> Result<&'a mut dyn Session, DatabaseError> {
    let session = match session {
        Some(session) => session,
        None => session.insert(connector.connect(Access::Write)?),
    };
    Ok(session.as_mut())
}

/// Returns the hours of which something was stored after they were summed: by a process that ended before it summed them.
fn left_over(session: &mut dyn Session) -> Result<Vec<i64>, DatabaseError> {
    let sql = format!(
        "SELECT hour FROM (
            SELECT -newest_hour * {HOUR_NS} AS hour, toUnixTimestamp64Milli(max(stored_at)) * 1000000 AS stored
            FROM agno_spans WHERE stored_at > now64(3) - INTERVAL {LOOK_BACK_DAYS} DAY GROUP BY newest_hour
         ) AS stored_hours LEFT JOIN (
            SELECT bucket_start_ns, toInt64(max(generation)) AS summed FROM tracestead_rollups GROUP BY bucket_start_ns
         ) AS summed_hours ON hour = bucket_start_ns
         WHERE summed IS NULL OR summed < stored + {STORING_NS}"
    );
    Ok(session.query(&sql, &[])?.iter().filter_map(|row| row.int(0)).collect())
}

/// Sums the hours that were not summed since something of them was stored.
pub(super) fn catch_up(session: &mut dyn Session) -> Result<(), DatabaseError> {
    for hour in left_over(session)? {
        sum(session, hour)?;
    }
    Ok(())
}

/// Says whether another server has summed the hour since it was touched here.
fn is_summed(session: &mut dyn Session, hour: i64, touched: Instant) -> Result<bool, DatabaseError> {
    let (last, now) = generations(session, hour)?;
    let since = i64::try_from(touched.elapsed().as_nanos()).unwrap_or(i64::MAX);
    Ok(last > now.saturating_sub(since).saturating_add(MARGIN_NS))
}

/// Returns when the hour was last summed, and what time it is: by the clock of the database, as other servers read it, too.
fn generations(session: &mut dyn Session, hour: i64) -> Result<(i64, i64), DatabaseError> {
    let sql = "SELECT toInt64(ifNull(max(generation), 0)), toUnixTimestamp64Nano(now64(9))
        FROM tracestead_rollups WHERE bucket_start_ns = ?";
    let rows = session.query(sql, &[Value::int(hour)])?;
    Ok(rows.first().map_or((0, 0), |row| (row.whole(0), row.whole(1))))
}

/// Sums the first hour anew that begins at or after `from`.
pub(in crate::write) fn rebuild(session: &mut dyn Session, from: i64) -> Result<Rebuilt, DatabaseError> {
    let from = from.max(0);
    let mut first = None;
    for sql in [
        "SELECT -max(newest_hour) * 3600000000000 FROM agno_spans WHERE newest_hour <= -intDiv(?, 3600000000000)",
        "SELECT min(bucket_start_ns) FROM tracestead_rollups WHERE bucket_start_ns >= ?",
    ] {
        let found = session.query(sql, &[Value::int(from)])?.first().and_then(|row| row.int(0));
        first = [first, found].into_iter().flatten().min();
    }
    let Some(hour) = first else { return Ok(Rebuilt::default()) };
    let spans = sum(session, hour)?;
    Ok(Rebuilt { traces: 1, spans, position: Some(hour.saturating_add(HOUR_NS).to_string()) })
}

/// Sums an hour and returns how many spans it has.
fn sum(session: &mut dyn Session, hour: i64) -> Result<u64, DatabaseError> {
    // Told before the spans are read: what comes while they are read is for the next one.
    let (_, generation) = generations(session, hour)?;
    let mut rollups = Rollups::default();
    for row in session.query(&SUMS, &[Value::int(hour / HOUR_NS)])? {
        add(&mut rollups, hour, row);
    }
    let spans = rollups.calls();
    rollups.write_generation(session, generation)?;
    // Two may sum at once, and either may be the last to write: all that is older than the newest is no more.
    let newest = generations(session, hour)?.0.max(generation);
    session.execute(
        "INSERT INTO tracestead_rollups (bucket_start_ns, rollup_id, generation, is_deleted)
         SELECT bucket_start_ns, rollup_id, toUInt64(?), 1
         FROM tracestead_rollups FINAL WHERE bucket_start_ns = ? AND generation < ?",
        &[newest, hour, newest].map(Value::int),
    )?;
    Ok(spans.unsigned_abs())
}

fn add(rollups: &mut Rollups, hour: i64, mut row: Row) {
    let (bucket, is_error) = (row.whole(5), row.flag(4));
    let sums = std::array::from_fn(|at| row.whole(6 + at));
    let step = [row.required(0), row.required(1), row.required(2), row.required(3)];
    rollups.add_sums(hour, step, is_error, bucket, sums);
}

/// The steps of an hour with their sums, as [`Rollups::add`] makes them of each span.
static SUMS: LazyLock<String> = LazyLock::new(|| {
    let calls = SpanType::ALL.into_iter().filter(|span_type| span_type.is_model_call());
    let calls: Vec<String> = calls.map(|span_type| format!("'{}'", span_type.as_str())).collect();
    let calls = calls.join(", ");
    let own = |tokens: &str| format!("ifNull(if(span_type IN ({calls}), {tokens}, agg_{tokens}), 0)");
    format!(
        "SELECT step_type, step_name, step_agent, step_model, step_failed, {bucket} AS bucket,
            toInt64(count()), sum(duration), toInt64(countIf(counts)), sumIf(input, counts), sumIf(output, counts),
            sumIf(total, counts), sumIf(ifNull(cost, 0), counts), toInt64(countIf(counts AND cost IS NULL))
         FROM (
            SELECT ifNull(span_type, '') AS step_type, name AS step_name, ifNull(agent_id, '') AS step_agent,
                ifNull(model, '') AS step_model, error_type IS NOT NULL OR status_code = 'ERROR' AS step_failed,
                greatest(0, ifNull(end_time_ns, start_time_ns) - start_time_ns) AS duration, is_counted AS counts,
                {input} AS input, {output} AS output, {total} AS total, cost_nano_usd AS cost
            FROM agno_spans FINAL WHERE newest_hour = -? AND is_counted IS NOT NULL
         ) GROUP BY step_type, step_name, step_agent, step_model, step_failed, bucket",
        bucket = bucket("duration"),
        input = own("input_tokens"),
        output = own("output_tokens"),
        total = own("total_tokens"),
    )
});

/// Returns [`latency_bucket`] of a duration as an expression: the bounds are looked up, as its arithmetic is not in SQL.
fn bucket(duration: &str) -> String {
    let (mut bounds, mut buckets) = (vec!["0".to_owned()], vec![latency_bucket(0).to_string()]);
    let mut bound = 1;
    loop {
        let bucket = latency_bucket(bound);
        bounds.push(bound.to_string());
        buckets.push(bucket.to_string());
        match first_above(bound, bucket) {
            Some(next) => bound = next,
            None => break,
        }
    }
    let list = |numbers: Vec<String>| format!("CAST([{}] AS Array(Int64))", numbers.join(", "));
    let (bounds, buckets) = (list(bounds), list(buckets));
    format!("transform(roundDown({duration}, {bounds}), {bounds}, {buckets})")
}

/// Returns the shortest duration above `low` that is in a higher bucket.
fn first_above(mut low: i64, bucket: i64) -> Option<i64> {
    let mut high = i64::MAX;
    if latency_bucket(high) == bucket {
        return None;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if latency_bucket(middle) > bucket { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_waits_until_it_is_left_alone_and_no_longer() {
        let hours = Hours::default();
        hours.touch(&[0]);
        let state = hours.lock();
        let now = Instant::now();
        let due = state.due(0, now);
        assert!(due > now && due <= now + SETTLE);
        drop(state);
        hours.touch(&[0]);
        assert_eq!(hours.lock().due(0, Instant::now()), due, "more of it does not put it off");
        hours.rest(0, PAUSE);
        assert!(hours.lock().due(0, Instant::now()) > due);
        hours.close();
        assert_eq!(hours.next().map(|(hour, _)| hour), Some(0));
        assert!(hours.next().is_none());
    }

    #[test]
    fn bounds_are_where_buckets_begin() {
        let mut bound = 1;
        let mut count = 0;
        while let Some(next) = first_above(bound, latency_bucket(bound)) {
            assert_eq!(latency_bucket(next - 1), latency_bucket(bound));
            assert!(latency_bucket(next) > latency_bucket(bound));
            bound = next;
            count += 1;
        }
        assert_eq!((latency_bucket(bound), count), (latency_bucket(i64::MAX), 246));
    }
}
