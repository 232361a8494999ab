//! The database: a file, or a server that is asked.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use tracestead_model::query::{PageStart, TraceQuery};
use tracestead_server::Settings;
use tracestead_store::{Catalog, DatabaseUrl, OpenError, OpenOptions, SpanStore};

use super::Check;
use crate::commands::show::thousands;
use crate::commands::{blocking, connect, now, options};

/// Up to how many traces their spans are counted, which takes reading every one.
const MAX_COUNTED: u64 = 20_000;

/// What every SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Checks every database; what is said of one beside the main one begins with its name.
pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    let mut checks = one(settings).await;
    for database in &settings.databases {
        let mut settings = settings.clone();
        (settings.database, settings.read_only) = (database.url.clone(), database.read_only);
        let named = |check: Check| Check { says: format!("{}: {}", database.id, check.says), ..check };
        checks.extend(one(&settings).await.into_iter().map(named));
    }
    checks.extend(catalog(settings).await);
    checks
}

/// Checks the catalogue; in the main database it is part of what was checked already.
async fn catalog(settings: &Settings) -> Option<Check> {
    let url = settings.catalog.as_ref().filter(|_| !settings.read_only)?;
    let planning = OpenOptions::new(url.clone(), now());
    let says = match blocking(move || Catalog::plan(&planning, false)).await {
        Ok(Ok(statements)) if statements.is_empty() => "opens, tables up to date".to_owned(),
        Ok(Ok(statements)) => {
            format!("to be made by {} statements: `tracestead migrate --dry-run`", statements.len())
        }
        Ok(Err(error)) => {
            return Some(Check::failed("catalogue", error.to_string(), "see `database.catalog`"));
        }
        Err(error) => return Some(Check::failed("catalogue", error.to_string(), "run it again")),
    };
    Some(Check::ok("catalogue", format!("{url}, {says}")))
}

async fn one(settings: &Settings) -> Vec<Check> {
    let path = match &settings.database {
        DatabaseUrl::Sqlite(path) => path,
        server => {
            let hint = "does it run, does it let this user in, does the URL say where it is?";
            return opened(settings, &server.to_string(), hint).await;
        }
    };
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && settings.read_only => {
            let hint = "name another one, or let it be made: without `read_only`";
            vec![Check::failed("database", format!("{shown} does not exist and is only to be read"), hint)]
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => vec![folder(path)],
        Err(error) => vec![Check::failed(
            "database",
            format!("cannot look at {shown}: {error}"),
            "check its permissions",
        )],
        Ok(found) if !found.is_file() => {
            vec![Check::failed("database", format!("{shown} is no file"), "name another one with --db")]
        }
        Ok(found) => existing(settings, path, found.len()).await,
    }
}

/// The file does not exist: whether it could be made.
fn folder(path: &Path) -> Check {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = folder.display();
    match tempfile::tempfile_in(folder) {
        Ok(_) => Check::ok("database", format!("{} does not exist yet and can be made", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Check::failed(
            "database",
            format!("the folder {shown} does not exist"),
            format!("mkdir -p {shown}"),
        ),
        Err(error) => Check::failed(
            "database",
            format!("cannot write into the folder {shown}: {error}"),
            "check its permissions, or name another file with --db",
        ),
    }
}

async fn existing(settings: &Settings, path: &Path, size_bytes: u64) -> Vec<Check> {
    let shown = path.display();
    match header(path) {
        Err(error) => {
            return vec![Check::failed(
                "database",
                format!("cannot read {shown}: {error}"),
                "check its permissions",
            )];
        }
        Ok(header) if !header.is_empty() && !header.starts_with(MAGIC) => {
            let hint = "name another file with --db; this one is left as it is";
            return vec![Check::failed("database", format!("{shown} is no SQLite database"), hint)];
        }
        Ok(_) => {}
    }
    let size = size_bytes.div_ceil(1 << 10);
    let size = if size < 10_240 { format!("{size} KiB") } else { format!("{} MiB", size >> 10) };
    let hint = "is it writable, is there free disk space, does another program keep it locked?";
    opened(settings, &format!("{shown}, {size}"), hint).await
}

/// Opens the database, counts what is in it and says what a server would do to it; nothing is changed.
async fn opened(settings: &Settings, shown: &str, hint: &str) -> Vec<Check> {
    let mut options = options(settings);
    options.read_only = true;
    let asked = options.clone();
    let failed = |error: String| vec![Check::failed("database", error, hint)];
    let plan = match blocking(move || SpanStore::plan(&asked)).await {
        Ok(Ok(plan)) => plan,
        Ok(Err(error)) => return failed(error.to_string()),
        Err(error) => return failed(error.to_string()),
    };
    let state = match plan.statements.len() {
        0 => "tables up to date".to_owned(),
        _ if settings.read_only => "only to be read; its tables are not those of this version".to_owned(),
        count => format!(
            "to be brought to version {} by {count} statements: `tracestead migrate --dry-run`",
            plan.to
        ),
    };
    let mut checks = vec![Check::ok("database", format!("{shown}, opens, {state}"))];
    if let DatabaseUrl::Sqlite(path) = &settings.database {
        checks.extend(writable(settings, path));
        checks.push(journal(path, plan.from > 0 || settings.read_only));
    }
    checks.push(match connect(options).await {
        Ok(store) => match contents(&store).await {
            Ok(says) => Check::ok("contents", says),
            Err(error) => Check::failed("contents", error.to_string(), damaged(settings)),
        },
        Err(OpenError::Empty { .. }) => Check::ok("contents", "no traces yet"),
        Err(error) => Check::failed("contents", error.to_string(), hint),
    });
    checks
}

/// Says so if a server could not write to the file.
fn writable(settings: &Settings, path: &Path) -> Option<Check> {
    if settings.read_only {
        return None;
    }
    let error = File::options().append(true).open(path).err()?;
    let says = format!("cannot write to {}: {error}", path.display());
    Some(Check::failed("permissions", says, "change them, or only read it: `tracestead serve --read-only`"))
}

fn damaged(settings: &Settings) -> &'static str {
    match settings.database {
        DatabaseUrl::Sqlite(_) => {
            "the file may be damaged: `sqlite3 FILE 'PRAGMA integrity_check'` tells more"
        }
        _ => "the log of the database tells more",
    }
}

/// Bytes 18 and 19 of the header are 2 in a database with a write-ahead log: <https://sqlite.org/fileformat2.html>.
fn journal(path: &Path, is_ours: bool) -> Check {
    match header(path) {
        Ok(header) if header.get(18..20) == Some(&[2, 2]) => Check::ok("journal", "write-ahead log"),
        _ if !is_ours => Check::ok("journal", "gets a write-ahead log at the first start"),
        _ => Check::warning(
            "journal",
            "no write-ahead log: readers and the writer wait for each other",
            "keep the database on a local disk; network file systems cannot do it",
        ),
    }
}

fn header(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut header = Vec::new();
    File::open(path)?.take(100).read_to_end(&mut header)?;
    Ok(header)
}

async fn contents(store: &SpanStore) -> anyhow::Result<String> {
    let traces = store.count_traces(None).await?;
    let shown = |count: u64| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    if traces == 0 {
        return Ok("no traces yet".to_owned());
    }
    if traces > MAX_COUNTED {
        return Ok(format!("{} traces", shown(traces)));
    }
    let mut spans = 0;
    let mut from = PageStart::Newest;
    loop {
        let page = store.traces(TraceQuery { filter: None, limit: 500, from }).await?;
        let Some(last) = page.last() else { break };
        from = PageStart::After { start_time_ns: last.start_time_ns, trace_id: last.trace_id.clone() };
        spans += page.iter().map(|trace| trace.span_count).sum::<i64>();
    }
    Ok(format!("traces: {}, spans: {}", shown(traces), thousands(spans)))
}
