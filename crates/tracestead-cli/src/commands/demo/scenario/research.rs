//! A team whose leader hands tasks to a researcher and a writer.

use serde_json::json;

use super::variant;
use crate::commands::demo::agno::{Run, begin_agent, begin_team};
use crate::commands::demo::cast::{Agent, CLAUDE, DELEGATE, GPT_4O, GPT_4O_MINI, Tool, Whose, id_of};
use crate::commands::demo::recorder::Recorder;

const LEADER_TOOLS: [Tool; 1] = [DELEGATE];

const SEARCH: [Tool; 1] = [Tool {
    name: "web_search",
    description: "Searches the web and returns the best pages.",
    parameters: &["query"],
}];

static TEAM: Agent = Agent {
    name: "Research Team",
    instructions: "<team>\nYou coordinate this team to fulfill the user's request. You have a team of specialists, listed \
        below. Delegate to members when their expertise or tools are needed.\n\n<team_members>\n\
        <member id=\"web-researcher\" name=\"Web Researcher\">\n  Role: finds facts with sources\n</member>\n\
        <member id=\"report-writer\" name=\"Report Writer\">\n  Role: writes short briefings\n</member>\n\
        </team_members>\n</team>",
    model: &GPT_4O,
    tools: &LEADER_TOOLS,
    knowledge: false,
    streams: false,
};

static RESEARCHER: Agent = Agent {
    name: "Web Researcher",
    instructions: "<your_role>\nfinds facts with sources\n</your_role>\nNever state a number without its source.",
    model: &GPT_4O_MINI,
    tools: &SEARCH,
    knowledge: false,
    streams: false,
};

static WRITER: Agent = Agent {
    name: "Report Writer",
    instructions: "<your_role>\nwrites short briefings\n</your_role>\nFive sentences at most. The answer comes first.",
    model: &CLAUDE,
    tools: &[],
    knowledge: false,
    streams: false,
};

struct Case {
    input: &'static str,
    searches: &'static [(&'static str, &'static str)],
    facts: &'static str,
    briefing: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        input: "How do heat pumps do in old buildings? I need a one-paragraph briefing for the board.",
        searches: &[
            (
                "heat pump seasonal performance existing buildings field study",
                "1. Field study of 41 houses built before 1980: median seasonal performance factor 3.1 (air), 4.0 (ground).\n2. Flow temperature matters more than age: below 55 °C in 88 % of the houses.",
            ),
            (
                "heat pump retrofit cost radiators flow temperature",
                "1. Replacing two to five radiators is enough in most houses built after 1960.\n2. Costs of 18,000 to 32,000 EUR before subsidies.",
            ),
        ],
        facts: "Field study of 41 houses built before 1980: median performance factor 3.1 with air, 4.0 with ground. 88 % ran below 55 °C. Usually two to five radiators are replaced; 18,000 to 32,000 EUR before subsidies.",
        briefing: "Heat pumps do well in most old buildings. In a field study of 41 houses from before 1980 they delivered three to four times the energy they used. What decides is the flow temperature, not the age: below 55 °C is enough in nine of ten houses. Usually a few radiators have to be replaced. Budget 18,000 to 32,000 EUR a house before subsidies.",
    },
    Case {
        input: "Compare the three largest open models released this autumn for our procurement team.",
        searches: &[(
            "largest open weight language models autumn release licence",
            "1. Overview of releases: 405B dense, 671B mixture, 235B mixture; two under Apache-2.0, one under a community licence.\n2. The community licence excludes services with over 700 million users.",
        )],
        facts: "Three releases: 671B mixture (Apache-2.0), 405B dense (community licence with a user limit), 235B mixture (Apache-2.0). The mixtures need a fraction of the compute per token.",
        briefing: "For procurement the 235B mixture is the safest choice: Apache-2.0, and it fits on a single node. The 671B mixture is stronger under the same licence, but needs two nodes. The 405B dense model costs the most to run and comes with a licence that legal would have to read. None of the three needs a contract.",
    },
    Case {
        input: "What changed in EU packaging rules this year and does it affect our shipping boxes?",
        searches: &[
            (
                "EU packaging regulation changes shipping boxes empty space ratio",
                "1. The empty space ratio of e-commerce parcels is limited to 50 % from 2030.\n2. Recyclability grades are to be declared for all packaging placed on the market.",
            ),
            (
                "packaging regulation small businesses exemption cardboard reuse targets",
                "1. Cardboard is exempt from the reuse targets for transport packaging.\n2. Micro-enterprises are exempt from several duties.",
            ),
        ],
        facts: "Empty space at most 50 % from 2030; recyclability grades have to be declared; cardboard is exempt from reuse targets.",
        briefing: "Yes, but not at once. From 2030 at least half of a parcel has to be filled, and our large box misses that for one order in four. Recyclability has to be declared for every box, which our supplier already does. Reuse targets do not touch cardboard. A third box size would solve it.",
    },
    Case {
        input: "Is there solid evidence that a four-day week keeps output steady?",
        searches: &[(
            "four day week trial results productivity randomized",
            "1. Pilot of 61 companies: revenue +1.4 % on average, 92 % kept the policy; no control group.\n2. Review: most trials are short and self-selected.",
        )],
        facts: "Pilot of 61 companies: revenue up 1.4 %, 92 % kept it, but no control group. A review notes self-selection and short duration.",
        briefing: "The evidence points the right way but is not solid. In the largest pilot, 61 companies kept their revenue and nine in ten stayed with it. There was no control group, though, and companies chose themselves. Attrition fell clearly, which is the best supported effect. A trial of our own with two comparable teams would tell more.",
    },
];

pub(super) fn run(recorder: &mut Recorder<'_>, whose: &Whose, number: usize) {
    let case = variant(&CASES, number);
    let mut team = begin_team(recorder, None, &TEAM, whose, case.input);
    recorder.say(team.at, "tag.tags", ["briefing"].as_slice());
    let task = "Find the facts with sources: ".to_owned() + case.input;
    delegate(recorder, &mut team, whose, &RESEARCHER, &task, |recorder, member| {
        for (query, result) in case.searches {
            member.use_tool(recorder, &SEARCH[0], &json!({"query": query}), (350, 1_400), result);
        }
        case.facts
    });
    let task = format!("Write a briefing from these facts: {}", case.facts);
    delegate(recorder, &mut team, whose, &WRITER, &task, |_, _| case.briefing);
    team.reply(recorder, case.briefing);
    team.answer(recorder, case.briefing);
}

/// The leader hands a task to a member, whose span stands beside that of the tool, as Agno has it.
fn delegate(
    recorder: &mut Recorder<'_>,
    team: &mut Run,
    whose: &Whose,
    agent: &'static Agent,
    task: &str,
    work: impl FnOnce(&mut Recorder<'_>, &mut Run) -> &'static str,
) {
    let arguments = json!({"member_id": id_of(agent.name), "task": task});
    team.ask_for(recorder, &[(&LEADER_TOOLS[0], arguments.clone())]);
    let tool = team.call_tool(recorder, &LEADER_TOOLS[0], &arguments);
    recorder.pass(2, 8);
    let node = team.node.clone();
    let mut member = begin_agent(recorder, Some((team.at, &node)), agent, whose, task);
    let result = work(recorder, &mut member);
    member.reply(recorder, result);
    member.answer(recorder, result);
    recorder.pass(1, 5);
    team.tool_returns(recorder, tool, result);
}
