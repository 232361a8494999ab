//! What happens in the demo: a catalogue of scenarios, each with several variants.

mod article;
mod knowledge;
mod research;
mod support;
mod travel;
mod trouble;

use tracestead_model::{Span, UnixNanos};

use super::cast::Whose;
use super::random::Random;
use super::recorder::{Recorder, Service};

/// A kind of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Support,
    SupportInApp,
    FlakyTool,
    Market,
    Research,
    Knowledge,
    Article,
    Guardrail,
    RateLimit,
    Travel,
}

/// Each scenario, and how often it happens in an hour.
const CATALOGUE: [(Scenario, usize); 10] = [
    (Scenario::Support, 13),
    (Scenario::SupportInApp, 6),
    (Scenario::FlakyTool, 5),
    (Scenario::Market, 6),
    (Scenario::Research, 5),
    (Scenario::Knowledge, 8),
    (Scenario::Article, 4),
    (Scenario::Guardrail, 3),
    (Scenario::RateLimit, 3),
    (Scenario::Travel, 9),
];

const USERS: [&str; 7] =
    ["maya.chen", "jonas.weber", "amara.okafor", "lucia.romero", "sam.oconnor", "priya.nair", "tomas.novak"];

/// A company's agents at work.
#[derive(Debug)]
pub(super) struct Company {
    random: Random,
    ids: Random,
    /// Scenarios to come; filled again when it is empty.
    coming: Vec<Scenario>,
    /// How many runs of each scenario there were, by its place in the catalogue.
    runs: [usize; CATALOGUE.len()],
    travel: Whose,
}

impl Company {
    /// The same `seed` makes the same runs; their ids also come from `now`, so that runs of different days are different.
    pub(super) fn new(seed: u64, now: UnixNanos) -> Self {
        let mut random = Random::new(seed);
        let runs = CATALOGUE.map(|_| random.place(16));
        let travel = whose(&mut random);
        Self {
            random,
            ids: Random::new(seed ^ now.as_i64().unsigned_abs()),
            coming: Vec::new(),
            runs,
            travel,
        }
    }

    /// Returns the spans of the next run, which has just ended at `end`.
    pub(super) fn next_run(&mut self, end: UnixNanos) -> Vec<Span> {
        if self.coming.is_empty() {
            let all = CATALOGUE.iter().flat_map(|(scenario, count)| std::iter::repeat_n(*scenario, *count));
            self.coming = all.collect();
            self.random.shuffle(&mut self.coming);
        }
        let scenario = self.coming.pop().unwrap_or(Scenario::Support);
        let place = CATALOGUE.iter().position(|(known, _)| *known == scenario).unwrap_or(0);
        let number = self.runs[place];
        self.runs[place] += 1;
        if scenario == Scenario::Travel {
            return self.next_turn(number, end);
        }
        let whose = whose(&mut self.random);
        let mut recorder = Recorder::new(&mut self.random, &mut self.ids, service(scenario));
        match scenario {
            Scenario::Support => support::in_chat(&mut recorder, &whose, number),
            Scenario::SupportInApp => support::in_app(&mut recorder, &whose, number),
            Scenario::FlakyTool => trouble::flaky_tool(&mut recorder, &whose, number),
            Scenario::Market => trouble::market(&mut recorder, &whose, number),
            Scenario::Research => research::run(&mut recorder, &whose, number),
            Scenario::Knowledge => knowledge::run(&mut recorder, &whose, number),
            Scenario::Article => article::run(&mut recorder, &whose, number),
            Scenario::Guardrail => trouble::guardrail(&mut recorder, &whose, number),
            Scenario::RateLimit => trouble::rate_limit(&mut recorder, &whose, number),
            Scenario::Travel => {}
        }
        recorder.finish(end)
    }

    /// The conversation goes on, or another one begins.
    fn next_turn(&mut self, number: usize, end: UnixNanos) -> Vec<Span> {
        if travel::is_first_turn(number) {
            self.travel = whose(&mut self.random);
        }
        let mut recorder = Recorder::new(&mut self.random, &mut self.ids, service(Scenario::Travel));
        travel::turn(&mut recorder, &self.travel, number);
        recorder.finish(end)
    }
}

/// Returns a user, in a conversation that is new.
fn whose(random: &mut Random) -> Whose {
    let user = USERS[random.place(USERS.len())].to_owned();
    Whose { user, session: format!("chat-{}", &random.hex()[..8]) }
}

fn service(scenario: Scenario) -> &'static Service {
    const SUPPORT: Service = Service { name: "support-api", version: "3.8.1", environment: "production" };
    const RESEARCH: Service = Service { name: "research-api", version: "1.14.0", environment: "production" };
    const HANDBOOK: Service = Service { name: "handbook-bot", version: "0.9.2", environment: "staging" };
    const NEWSROOM: Service = Service { name: "newsroom", version: "2.2.0", environment: "production" };
    const CONCIERGE: Service = Service { name: "concierge", version: "5.0.3", environment: "production" };
    match scenario {
        Scenario::Support | Scenario::SupportInApp | Scenario::FlakyTool | Scenario::Guardrail => &SUPPORT,
        Scenario::Research | Scenario::Market | Scenario::RateLimit => &RESEARCH,
        Scenario::Knowledge => &HANDBOOK,
        Scenario::Article => &NEWSROOM,
        Scenario::Travel => &CONCIERGE,
    }
}

/// Returns the variant for run `number`: all of them in turn.
fn variant<T>(variants: &[T], number: usize) -> &T {
    &variants[number % variants.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_whole_and_differ() {
        let end = UnixNanos::from_i64(1_795_221_481_000_000_000);
        let mut company = Company::new(7, end);
        let mut again = Company::new(7, end);
        let total: usize = CATALOGUE.iter().map(|(_, count)| count).sum();
        let mut inputs = std::collections::HashSet::new();
        let mut failed = 0;
        for _ in 0..total {
            let spans = company.next_run(end);
            assert_eq!(spans, again.next_run(end));
            let roots: Vec<&Span> = spans.iter().filter(|span| span.parent_span_id.is_none()).collect();
            assert_eq!(roots.len(), 1);
            assert_eq!(roots[0].end_time, Some(end));
            failed += usize::from(roots[0].status.code == tracestead_model::StatusCode::Error);
            for span in &spans {
                assert!(span.end_time.is_some_and(|end| end >= span.start_time), "{}", span.name);
                assert!(span.start_time >= roots[0].start_time, "{}", span.name);
            }
            inputs.insert(roots[0].attributes.text("input.value").map(str::to_owned));
        }
        assert_eq!(failed, 6);
        assert!(inputs.len() > 30, "{}", inputs.len());
    }
}
