//! What is to be done, where, and how it is told.

use anyhow::Context as _;
use serde_json::{Value, json};
use tracestead_server::Settings;
use tracestead_store::{Catalog, OpenOptions, Plan, SpanStore};

use crate::ExitCode;
use crate::commands::show::counted;
use crate::commands::{TO_DO, blocking, options};
use crate::printer;

/// What is to be done in all databases that a server would open.
pub(super) struct Work {
    pub(super) main: Part,
    /// In the order in which a server opens them.
    others: Vec<Part>,
    /// Those beside the main one that are only to be read: what they are called and where they are.
    left: Vec<String>,
    pub(super) catalog_options: OpenOptions,
    /// The statements that make the catalogue.
    pub(super) catalog: Vec<String>,
}

/// What is to be done in one of them.
pub(super) struct Part {
    id: String,
    pub(super) options: OpenOptions,
    pub(super) plan: Plan,
}

impl Work {
    /// Looks at all databases before anything is changed in any of them.
    pub(super) async fn plan(settings: &Settings) -> anyhow::Result<Self> {
        let main = Part::plan(settings.database_id.clone(), options(settings)).await;
        let main = main.context("cannot look at the database")?;
        let (mut others, mut left) = (Vec::new(), Vec::new());
        for database in &settings.databases {
            // A server leaves it as it is, so there is nothing to be done.
            if database.read_only {
                left.push(format!("{}: {}", database.id, database.url));
                continue;
            }
            let options = OpenOptions { url: database.url.clone(), read_only: false, ..main.options.clone() };
            let part = Part::plan(database.id.clone(), options).await;
            others.push(part.with_context(|| format!("cannot look at database `{}`", database.id))?);
        }
        let catalog_options = OpenOptions { url: settings.catalog_url(), ..main.options.clone() };
        let is_here = |part: &Part| part.options.url.same_place(&catalog_options.url);
        let is_beside_spans = is_here(&main) || others.iter().any(is_here);
        let of_catalog = catalog_options.clone();
        let catalog = blocking(move || Catalog::plan(&of_catalog, is_beside_spans)).await?;
        let catalog = catalog.context("cannot look at the catalogue")?;
        Ok(Self { main, others, left, catalog_options, catalog })
    }

    /// Returns the databases of spans; the catalogue comes after them, as it may be in one of them.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        std::iter::once(&self.main).chain(&self.others)
    }

    /// Prints the statements, so that they can be read, kept, and run by hand.
    pub(super) fn show(&self, is_json: bool) -> anyhow::Result<ExitCode> {
        let has_work = !self.catalog.is_empty() || self.parts().any(|part| !part.plan.statements.is_empty());
        if is_json {
            printer::line(&self.json(&[]).to_string())?;
        } else {
            if has_work {
                self.print()?;
            } else {
                for part in self.parts() {
                    let (name, to) = (self.name(part), part.plan.to);
                    printer::note(&format!("{name} is at version {to}: there is nothing to do"));
                }
            }
            self.tell_of_those_left();
        }
        Ok(ExitCode::from(if has_work { TO_DO } else { 0 }))
    }

    fn print(&self) -> std::io::Result<()> {
        let has_one_place =
            self.others.is_empty() && self.main.options.url.same_place(&self.catalog_options.url);
        let parts = self.parts().map(|part| {
            let where_it_is = (!self.others.is_empty()).then(|| self.name(part));
            (where_it_is, &part.plan.statements)
        });
        let catalog = &self.catalog_options.url;
        let catalog = ((!has_one_place).then(|| format!("the catalogue, in {catalog}")), &self.catalog);
        for (where_it_is, statements) in
            parts.chain([catalog]).filter(|(_, statements)| !statements.is_empty())
        {
            if let Some(where_it_is) = where_it_is {
                printer::line(&format!("-- {where_it_is}"))?;
            }
            statements.iter().try_for_each(|statement| printer::line(&format!("{statement};")))?;
        }
        Ok(())
    }

    /// Says what was done. Of each database it is given how many spans were filled.
    pub(super) fn report(&self, filled: &[Option<u64>], is_json: bool) -> std::io::Result<()> {
        if is_json {
            return printer::line(&self.json(filled).to_string());
        }
        for (at, (part, filled)) in self.parts().zip(filled).enumerate() {
            let (name, to) = (self.name(part), part.plan.to);
            let of_catalog = if at == 0 { self.catalog.len() } else { 0 };
            let tables = match (part.plan.statements.len() + of_catalog) as u64 {
                0 => format!("{name} is at version {to} already"),
                count => format!("{name} is at version {to} now, by {}", counted(count, "statement")),
            };
            printer::line(&match filled {
                None => format!("{tables}; a server fills the rows that Agno wrote"),
                Some(0) => format!("{tables}; no row was to be filled"),
                Some(spans) => format!("{tables}; {} filled", counted(*spans, "span")),
            })?;
        }
        self.tell_of_those_left();
        Ok(())
    }

    fn tell_of_those_left(&self) {
        for database in &self.left {
            printer::note(&format!("{database} is only to be read, and is left as it is"));
        }
    }

    /// Returns where a database is, and what it is called if there are several.
    fn name(&self, part: &Part) -> String {
        let url = &part.options.url;
        if self.others.is_empty() { url.to_string() } else { format!("{}: {url}", part.id) }
    }

    /// Returns what was done, or what is to be done if it was not: then nothing is said of spans.
    fn json(&self, filled: &[Option<u64>]) -> Value {
        let mut parts = self.parts().enumerate().map(|(at, part)| {
            let mut json = json!({
                "id": part.id,
                "database": part.options.url.to_string(),
                "from": part.plan.from,
                "to": part.plan.to,
                "statements": part.plan.statements,
            });
            if let Some(filled) = filled.get(at) {
                json["filled_spans"] = (*filled).into();
            }
            json
        });
        let mut json = parts.next().unwrap_or_default();
        json["databases"] = parts.collect();
        let catalog = self.catalog_options.url.to_string();
        json["catalog"] = json!({"database": catalog, "statements": self.catalog});
        json
    }
}

impl Part {
    async fn plan(id: String, options: OpenOptions) -> anyhow::Result<Self> {
        let asked = options.clone();
        let plan = blocking(move || SpanStore::plan(&asked)).await??;
        Ok(Self { id, options, plan })
    }
}
