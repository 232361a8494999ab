//! What a prune says: to people in lines, to programs in JSON.

use serde_json::{Value, json};
use tracestead_model::RetentionRule;
use tracestead_store::{Planned, Prune, PrunePlan, Pruned};

use crate::commands::show::counted;
use crate::config::amounts::shown_size;
use crate::config::rule_in_one_line;
use crate::printer;

/// Who is told what.
pub(super) struct Report {
    pub(super) database: String,
    pub(super) what: Prune,
    pub(super) is_json: bool,
}

impl Report {
    /// Prints what would go.
    pub(super) fn plan(&self, plan: &PrunePlan) -> std::io::Result<()> {
        if self.is_json {
            return printer::line(&self.plan_json(plan).to_string());
        }
        self.lines(plan).iter().try_for_each(|line| printer::line(line))
    }

    /// Prints what is gone.
    pub(super) fn done(&self, done: &Pruned) -> std::io::Result<()> {
        if self.is_json {
            let done = json!({
                "database": self.database, "traces": done.traces, "spans": done.spans, "resources": done.resources,
            });
            return printer::line(&done.to_string());
        }
        let (traces, spans) = (counted(done.traces, "trace"), counted(done.spans, "span"));
        printer::line(&match done.resources {
            0 => format!("deleted {traces} with {spans}"),
            resources => format!("deleted {traces} with {spans}, and {}", counted(resources, "resource")),
        })
    }

    /// Returns what would go, line by line.
    pub(super) fn lines(&self, plan: &PrunePlan) -> Vec<String> {
        let mut lines = vec![format!("{} has {}; of that would go", self.database, shown_size(plan.bytes))];
        for (rule, planned) in self.rules().iter().zip(&plan.rules) {
            if rule.older_than.is_some() {
                lines.push(format!("  by the rule {}: {}", rule_in_one_line(rule), amount(*planned)));
            }
        }
        match &self.what {
            Prune::Rules(retention) => lines.extend(retention.max_bytes.map(|max_bytes| {
                format!("  because it may have {}: {}", shown_size(max_bytes), amount(plan.size))
            })),
            Prune::User(user_id) => {
                lines.push(format!("  because it is of the user {user_id}: {}", amount(plan.user)));
            }
            Prune::Resources => {}
        }
        if plan.unfinished.traces > 0 {
            lines.push(format!("  because a prune was stopped on its way: {}", amount(plan.unfinished)));
        }
        lines.push(format!("  in all {}", amount(plan.total())));
        lines
    }

    fn plan_json(&self, plan: &PrunePlan) -> Value {
        let rules: Vec<Value> = self
            .rules()
            .iter()
            .zip(&plan.rules)
            .map(|(rule, planned)| with(json!({"rule": rule_in_one_line(rule)}), *planned))
            .collect();
        let all = json!({
            "database": self.database,
            "size_bytes": plan.bytes,
            "rules": rules,
            "size": with(json!({}), plan.size),
            "user": with(json!({}), plan.user),
            "unfinished": with(json!({}), plan.unfinished),
        });
        with(all, plan.total())
    }

    fn rules(&self) -> &[RetentionRule] {
        match &self.what {
            Prune::Rules(retention) => &retention.rules,
            Prune::User(_) | Prune::Resources => &[],
        }
    }
}

fn amount(planned: Planned) -> String {
    let (traces, spans) = (counted(planned.traces, "trace"), counted(planned.spans, "span"));
    format!("{traces}, {spans}, about {}", shown_size(planned.bytes))
}

fn with(mut json: Value, planned: Planned) -> Value {
    json["traces"] = planned.traces.into();
    json["spans"] = planned.spans.into();
    json["bytes"] = planned.bytes.into();
    json
}

#[cfg(test)]
mod tests {
    use tracestead_model::Retention;

    use super::*;

    #[test]
    fn a_plan_is_told_rule_by_rule() {
        let age = |text| crate::config::amounts::age(text).ok();
        let errors = RetentionRule {
            older_than: age("90d"),
            status: Some("ERROR".to_owned()),
            ..RetentionRule::default()
        };
        let rules = vec![errors, RetentionRule { older_than: age("30d"), ..RetentionRule::default() }];
        let what = Prune::Rules(Retention { rules, max_bytes: Some(5_000_000) });
        let report = Report { database: "sqlite:t.db".to_owned(), what, is_json: false };
        let planned = |traces: u64| Planned { traces, spans: traces * 8, bytes: traces * 8000 };
        let plan = PrunePlan {
            rules: vec![planned(1), planned(1200)],
            size: planned(0),
            user: Planned::default(),
            unfinished: planned(2),
            bytes: 12_345_678,
        };
        assert_eq!(
            report.lines(&plan),
            [
                "sqlite:t.db has 12.3 MB; of that would go",
                "  by the rule { older_than = \"90d\", status = \"ERROR\" }: 1 trace, 8 spans, about 8.0 KB",
                "  by the rule { older_than = \"30d\" }: 1,200 traces, 9,600 spans, about 9.6 MB",
                "  because it may have 5.0 MB: 0 traces, 0 spans, about 0 B",
                "  because a prune was stopped on its way: 2 traces, 16 spans, about 16.0 KB",
                "  in all 1,203 traces, 9,624 spans, about 9.6 MB",
            ]
        );
        let json = report.plan_json(&plan);
        assert_eq!(json["rules"][1]["traces"], 1200);
        assert_eq!(json["spans"], 9624);
    }
}
