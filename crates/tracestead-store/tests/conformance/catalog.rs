//! The catalogue beside spans, and alone.

use tokio::runtime::Runtime;
use tracestead_store::{Catalog, SpanStore};

use crate::place::{Engine, Place};

const TABLES: [&str; 5] = [
    "agno_approvals",
    "agno_schema_versions",
    "tracestead_audit_log",
    "tracestead_keys",
    "tracestead_saved_views",
];

pub(crate) fn alone(engine: Engine) {
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        for _ in 0..2 {
            let catalog = Catalog::open(&place.options()).unwrap();
            catalog.check().await.unwrap();
        }
    });
    assert_eq!(place.tables(), TABLES);
    let versions = place.rows(&format!("SELECT * FROM {}", place.table("agno_schema_versions")));
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0]["table_name"].as_deref(), Some("agno_approvals"));
    assert_eq!(Catalog::plan(&place.options(), false).unwrap(), Vec::<String>::new());
}

/// In either order, and what is planned is what is done.
pub(crate) fn beside_spans(engine: Engine) {
    let runtime = Runtime::new().unwrap();
    for is_first in [true, false] {
        let place = Place::new(engine);
        let options = place.options();
        if is_first {
            Catalog::open(&options).unwrap();
        }
        let store = SpanStore::open(&options).unwrap();
        let plan = Catalog::plan(&options, true).unwrap();
        let mut told = Vec::new();
        Catalog::migrate(&options, &mut |step| told.push(step.sql.to_owned())).unwrap();
        assert_eq!(is_first, told.is_empty());
        assert!(told.iter().all(|sql| plan.contains(sql)), "{told:#?} {plan:#?}");
        runtime.block_on(store.close());
        assert!(TABLES.iter().all(|table| place.tables().iter().any(|there| there == table)));
        assert!(place.tables().iter().any(|table| table == "agno_spans"));
        assert_eq!(SpanStore::plan(&options).unwrap().statements, Vec::<String>::new());
    }
}
