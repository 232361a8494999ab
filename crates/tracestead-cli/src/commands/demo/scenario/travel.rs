//! Conversations of several turns: one session, and every turn knows those before it.

use serde_json::json;

use crate::commands::demo::agno::begin_agent;
use crate::commands::demo::cast::{Agent, CLAUDE, Tool, Whose};
use crate::commands::demo::recorder::Recorder;

const TOOLS: [Tool; 1] = [Tool {
    name: "search_trains",
    description: "Finds train connections between two cities on a day.",
    parameters: &["from", "to", "day"],
}];

static AGENT: Agent = Agent {
    name: "Travel Planner",
    instructions: "You plan journeys by train in Europe. Ask one question at a time. Prefer few changes over short times. \
        Give prices only from search_trains.",
    model: &CLAUDE,
    tools: &TOOLS,
    knowledge: false,
    streams: true,
};

struct Turn {
    input: &'static str,
    search: Option<(&'static str, &'static str, &'static str, &'static str)>,
    answer: &'static str,
}

const fn say(input: &'static str, answer: &'static str) -> Turn {
    Turn { input, search: None, answer }
}

const CONVERSATIONS: [&[Turn]; 2] = [
    &[
        say(
            "I want to go from Hamburg to Lisbon without flying. Is that realistic?",
            "Yes, in about two and a half days with two nights on the way. Would you rather sleep on trains or in hotels?",
        ),
        say(
            "Trains if possible, I sleep well on them.",
            "Then Paris by day, and from there over the Pyrenees; the old night train to Lisbon no longer runs, so the second night is in a hotel in Madrid. When would you leave?",
        ),
        Turn {
            input: "Saturday in two weeks. What would the first part cost?",
            search: Some((
                "Hamburg Hbf",
                "Paris Est",
                "Saturday",
                r#"[{"dep": "08:24", "arr": "16:52", "changes": 1, "price": "89.90 EUR"}, {"dep": "10:24", "arr": "19:05", "changes": 2, "price": "74.90 EUR"}]"#,
            )),
            answer: "Hamburg 08:24, Paris 16:52 with one change in Karlsruhe for 89.90 EUR. That leaves the evening in Paris. Shall I look for the leg to Madrid?",
        },
        Turn {
            input: "yes please, on Sunday, not too early",
            search: Some((
                "Paris Gare de Lyon",
                "Madrid Atocha",
                "Sunday",
                r#"[{"dep": "09:42", "arr": "21:10", "changes": 1, "price": "142.00 EUR"}]"#,
            )),
            answer: "09:42 from Gare de Lyon, change in Barcelona with two hours for lunch, Madrid at 21:10, 142.00 EUR. On Monday there are buses and one train to Lisbon. Shall I put all of it into one plan?",
        },
        say(
            "Great, sum it up for me.",
            "Saturday: Hamburg 08:24 to Paris 16:52, 89.90 EUR. Sunday: Paris 09:42 to Madrid 21:10, 142.00 EUR. Monday: Madrid to Lisbon, to be booked on the spot. 231.90 EUR so far, two hotel nights not included. Have a good journey!",
        ),
    ],
    &[
        say(
            "We are two adults with a dog, from Zurich to the Baltic Sea in July. Ideas?",
            "Rügen and Usedom are both reached by train, and both have dog beaches. Do you want to arrive on the same day?",
        ),
        Turn {
            input: "Same day would be good. Rügen sounds nice.",
            search: Some((
                "Zürich HB",
                "Binz",
                "a Friday in July",
                r#"[{"dep": "06:59", "arr": "19:38", "changes": 2, "price": "118.40 EUR"}]"#,
            )),
            answer: "It works: Zurich 06:59, Binz 19:38 with two changes, 118.40 EUR for one of you. The dog needs a ticket at half the price, and a muzzle for larger ones. Is that too long a day?",
        },
        say(
            "Hm, 12 hours is a lot for the dog.",
            "Then break the journey in Leipzig: about six hours the first day, five and a half the second, and the station is five minutes from a large park. Would you like that better?",
        ),
        say(
            "Perfect. How much for both of us and the dog?",
            "With the fares I have seen: 236.80 EUR for both of you and 59.20 EUR for the dog, 296.00 EUR in all. Breaking the journey costs nothing more if it stays on one ticket.",
        ),
    ],
];

/// Returns the conversation and the turn of run `number`.
fn place(number: usize) -> (&'static [Turn], usize) {
    let turns: usize = CONVERSATIONS.iter().map(|turns| turns.len()).sum();
    let mut number = number % turns;
    for turns in CONVERSATIONS {
        if number < turns.len() {
            return (turns, number);
        }
        number -= turns.len();
    }
    (CONVERSATIONS[0], 0)
}

/// Says whether a new conversation begins with run `number`.
pub(super) fn is_first_turn(number: usize) -> bool {
    place(number).1 == 0
}

pub(super) fn turn(recorder: &mut Recorder<'_>, whose: &Whose, number: usize) {
    let (turns, at) = place(number);
    let turn = &turns[at];
    let mut run = begin_agent(recorder, None, &AGENT, whose, turn.input);
    recorder.say(run.at, "metadata", json!({"turn": at + 1}).to_string());
    for earlier in &turns[..at] {
        run.remember_before("user", earlier.input);
        run.remember_before("assistant", earlier.answer);
    }
    if let Some((from, to, day, found)) = turn.search {
        let arguments = json!({"from": from, "to": to, "day": day});
        run.use_tool(recorder, &TOOLS[0], &arguments, (400, 1_600), found);
    }
    run.reply(recorder, turn.answer);
    run.answer(recorder, turn.answer);
}
