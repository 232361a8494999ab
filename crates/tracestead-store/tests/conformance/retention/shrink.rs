//! What becomes of the space in a SQLite file.

use rusqlite::Connection;
use tokio::runtime::Runtime;
use tracestead_store::DatabaseUrl;

use super::*;
use crate::agno;
use crate::resend::prepare;

const PAGE_BYTES: i64 = 4096;

/// A file, looked at beside the store.
struct File {
    place: Place,
    connection: Connection,
}

impl File {
    /// Makes a file in which `pragma` was said before there was a table.
    fn new(pragma: &str) -> Self {
        let place = Place::new(Engine::Sqlite);
        let connection = Connection::open(path(&place)).unwrap();
        connection.execute_batch(&format!("{pragma}; CREATE TABLE notes (text); DROP TABLE notes")).unwrap();
        Self { place, connection }
    }

    fn number(&self, pragma: &str) -> i64 {
        self.connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).unwrap()
    }

    fn pages(&self) -> i64 {
        self.number("page_count")
    }

    fn free_pages(&self) -> i64 {
        self.number("freelist_count")
    }

    /// Returns how large the file is once the write-ahead log is in it.
    fn bytes(&self) -> u64 {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        std::fs::metadata(path(&self.place)).unwrap().len()
    }
}

fn path(place: &Place) -> &std::path::Path {
    match &place.url {
        DatabaseUrl::Sqlite(path) => path,
        url => unreachable!("{url} is no file"),
    }
}

/// Stores traces of a page and a half each; every tenth is young.
async fn fill(store: &SpanStore, traces: std::ops::Range<u64>) {
    for some in traces.collect::<Vec<_>>().chunks(500) {
        let spans = some.iter().map(|trace| {
            // In Agno's tables the id of a span is the key.
            let mut span = span(*trace, *trace, None, if trace % 10 == 0 { days(0) } else { days(-90) });
            span.attributes.push("output.value", Value::from("word ".repeat(1200).as_str()));
            span
        });
        let stored = store.ingest(prepare(spans.collect())).await.unwrap();
        assert_eq!(stored.refused, Vec::<String>::new());
    }
}

/// Prunes to the end and returns by how many pages the file became smaller in each step.
async fn cut(file: &File, store: &SpanStore) -> Vec<i64> {
    let what = rules([older_than(30)]);
    let (mut steps, mut position, mut pages) = (Vec::new(), None, file.pages());
    loop {
        position = store.prune_step(&what, now(), position).await.unwrap().position;
        steps.push(pages - file.pages());
        pages = file.pages();
        if position.is_none() {
            return steps;
        }
    }
}

#[test]
fn space_is_given_back_in_small_steps_where_the_user_asked_for_it() {
    let file = File::new("PRAGMA auto_vacuum = INCREMENTAL");
    Runtime::new().unwrap().block_on(async {
        let store = file.place.open();
        fill(&store, 0..3000).await;
        let (pages, bytes) = (file.pages(), file.bytes());
        let steps = cut(&file, &store).await;
        // Pages that say where pages are go with those they speak of.
        assert!(steps.iter().all(|cut| (0..=1010).contains(cut)), "a step must be short: {steps:?}");
        assert!(steps.iter().filter(|cut| **cut > 0).count() > 2, "{steps:?}");
        assert!(file.pages() < pages / 3, "{} of {pages} pages are left", file.pages());
        // A tenth is kept for the next spans.
        let (kept, free) = (file.pages() / 10, file.free_pages());
        assert!((kept - 10..=kept + 1).contains(&free), "{free} pages are free, a tenth would be {kept}");
        assert!(file.bytes() < bytes / 3, "{} of {bytes} bytes are left", file.bytes());
        assert_eq!(file.bytes(), u64::try_from(file.pages() * PAGE_BYTES).unwrap());
        assert_eq!(listed(&store).await.len(), 300);
        assert_eq!(
            file.connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)),
            Ok("ok".to_owned())
        );
        assert_eq!(
            cut(&file, &store).await.iter().sum::<i64>(),
            0,
            "what is kept is not given back next time"
        );
        store.close().await;
    });
}

/// How we make files, and how Agno does.
#[test]
fn else_a_file_keeps_its_size_and_is_filled_again() {
    for is_agnos in [false, true] {
        let file = File::new("PRAGMA auto_vacuum = NONE");
        if is_agnos {
            agno::make_tables(&file.place);
            agno::write(&file.place, "1 = 1", "1 = 1");
        }
        Runtime::new().unwrap().block_on(async {
            let store = file.place.open();
            fill(&store, 0..1000).await;
            let pages = file.pages();
            assert_eq!(cut(&file, &store).await.iter().sum::<i64>(), 0);
            assert!(file.free_pages() > pages / 2, "{} of {pages} pages are free", file.free_pages());
            fill(&store, 0..900).await;
            // Trees are not split at the same places again.
            assert!(file.pages() <= pages + pages / 50, "{} pages instead of {pages}", file.pages());
            store.close().await;
        });
        file.connection.execute_batch("VACUUM").unwrap();
        assert_eq!(file.free_pages(), 0, "the user may give it back");
    }
}
