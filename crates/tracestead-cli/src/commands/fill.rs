//! Waits until what Agno wrote has our columns.

use std::io::IsTerminal as _;
use std::time::Duration;

use tracestead_store::SpanStore;

use super::show::thousands;
use crate::printer;

/// How often it is asked how many rows are left.
const LOOK: Duration = Duration::from_millis(200);

/// Waits until every row has our columns, and returns how many had not: at least as many as were counted before.
pub(super) async fn wait(store: &SpanStore, counted_before: u64) -> anyhow::Result<u64> {
    let mut most = counted_before;
    let is_seen = std::io::stderr().is_terminal();
    loop {
        let left = store.unfilled_spans().await?;
        most = left.max(most);
        if is_seen && most > 0 {
            printer::progress(&bar(most - left, most));
        }
        if left == 0 {
            if is_seen && most > 0 {
                printer::note("");
            }
            return Ok(most);
        }
        anyhow::ensure!(store.is_writing(), "the writer has stopped; run it again once the cause is gone");
        tokio::time::sleep(LOOK).await;
    }
}

fn bar(done: u64, of: u64) -> String {
    let number = |count: u64| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    format!("{} {} of {} spans filled", printer::bar(done, of), number(done), number(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        assert_eq!(bar(0, 1), "[........................] 0 of 1 spans filled");
        assert_eq!(bar(1500, 3000), "[############............] 1,500 of 3,000 spans filled");
        assert_eq!(bar(3000, 3000), "[########################] 3,000 of 3,000 spans filled");
    }
}
