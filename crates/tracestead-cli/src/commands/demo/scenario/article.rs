//! A workflow: research, two drafts at the same time, a review, and a plain function at the end.

use super::variant;
use crate::commands::demo::agno::begin_agent;
use crate::commands::demo::cast::{Agent, CLAUDE, GEMINI, GPT_4O, GPT_4O_MINI, Whose, id_of, span_name};
use crate::commands::demo::recorder::{At, Recorder};

const fn agent(
    name: &'static str,
    instructions: &'static str,
    model: &'static crate::commands::demo::cast::Model,
) -> Agent {
    Agent { name, instructions, model, tools: &[], knowledge: false, streams: false }
}

static RESEARCHER: Agent = agent("Desk Researcher", "Collect what is known, as short notes.", &GPT_4O_MINI);
static PLAIN: Agent = agent("Plain Drafter", "Write for readers in a hurry. Short sentences.", &GPT_4O);
static VIVID: Agent =
    agent("Vivid Drafter", "Write for readers on a Sunday morning. Open with a scene.", &CLAUDE);
static EDITOR: Agent = agent("Editor", "Pick the better draft, correct it, say in one line why.", &GEMINI);

const WORKFLOW: &str = "Article Workflow";

struct Case {
    input: &'static str,
    notes: &'static str,
    plain: &'static str,
    vivid: &'static str,
    edited: &'static str,
}

const CASES: [Case; 3] = [
    Case {
        input: "Write about the return of the night train",
        notes: "- 11 new lines since 2021, most from Vienna, Paris and Stockholm\n- sleeping cars are 30 years old on average; new ones take three years\n- tracks at night are needed for maintenance",
        plain: "Night trains are back. Eleven lines have opened since 2021. What is missing are cars: most are thirty years old, and new ones take three years to build.",
        vivid: "At 20:14 the conductor in Vienna West hangs a paper lantern into the corridor. Thirty years ago this car was new; tonight every berth is taken.",
        edited: "At 20:14 the conductor in Vienna West hangs a lantern into the corridor. Every berth is taken. Eleven night lines have opened since 2021, and what is missing is not passengers but cars: most are thirty years old, and new ones take three years to build.",
    },
    Case {
        input: "Write about urban beekeeping and whether it helps wild bees",
        notes: "- honey bees compete with wild bees for food where hives are dense\n- above 7.5 hives per km2 of green space, wild bees decline\n- flowers and nesting places help both",
        plain: "Hives on roofs do not save bees. Above about seven hives per square kilometre of green space, wild bees find less food. Flowers help more than hives.",
        vivid: "On the roof of the opera, 200,000 bees leave for work at seven. Below, in the courtyard, a mason bee finds the clover already empty.",
        edited: "Hives on roofs do not save bees. Where there are more than seven per square kilometre of green space, wild bees find less food. Whoever wants to help plants flowers, leaves a corner bare, and buys the honey elsewhere.",
    },
    Case {
        input: "Write a short explainer on why sourdough bread keeps longer",
        notes: "- lactic and acetic acid lower the pH and slow down mould\n- acid-weakened gluten and enzymes bind water, the crumb stales later\n- typical: five to seven days against two to three",
        plain: "Sourdough keeps for up to a week because it is sour. Acid slows mould down, and it makes the crumb hold its water for longer.",
        vivid: "The loaf on the counter is six days old and still bends when you press it. Its secret is a jar that is older than the bakery.",
        edited: "Sourdough keeps for five to seven days, twice as long as bread with yeast alone. Its acids slow mould down, and they help the crumb to hold water, so that it stales later. Keep it cut side down, and never in the fridge.",
    },
];

pub(super) fn run(recorder: &mut Recorder<'_>, whose: &Whose, number: usize) {
    let case = variant(&CASES, number);
    let at = recorder.open(None, format!("{}.run", span_name(WORKFLOW)));
    let node = recorder.random.hex();
    let workflow = (at, node.as_str());
    recorder.say(at, "openinference.span.kind", "CHAIN");
    recorder.say(at, "graph.node.id", node.as_str());
    recorder.say(at, "graph.node.name", WORKFLOW);
    recorder.say(at, "agno.workflow.id", id_of(WORKFLOW));
    recorder.say(at, "agno.workflow.description", "From an idea to an article in house style");
    recorder.say(at, "agno.workflow.steps_count", 4_i64);
    recorder.say(at, "agno.workflow.steps", ["Research", "Draft Both", "Review", "to_html"].as_slice());
    recorder.say(at, "agno.workflow.step_types", ["Step", "Parallel", "Step", "function"].as_slice());
    recorder.say(at, "session.id", whose.session.as_str());
    recorder.say(at, "user.id", whose.user.as_str());
    recorder.say(at, "input.value", case.input);
    recorder.pass(5, 20);
    step(recorder, workflow, whose, "Research", &RESEARCHER, case.input, case.notes);
    let both = draft_both(recorder, workflow, whose, case);
    step(recorder, workflow, whose, "Review", &EDITOR, &both, case.edited);
    let html = format!("<article><p>{}</p></article>", case.edited);
    let (function, _) = begin_step(recorder, workflow, "to_html", case.edited);
    recorder.pass(1, 3);
    end_step(recorder, function, &html);
    recorder.pass(3, 12);
    recorder.say(at, "output.value", html);
    recorder.say(at, "output.mime_type", "text/plain");
    let run_id = recorder.random.uuid();
    recorder.say(at, "agno.run.id", run_id);
    recorder.close(at);
}

fn draft_both(recorder: &mut Recorder<'_>, workflow: (At, &str), whose: &Whose, case: &Case) -> String {
    let (at, node) = begin_step(recorder, workflow, "Draft Both", case.notes);
    recorder.say(at, "agno.parallel.step_count", 2_i64);
    let start = recorder.clock();
    step(recorder, (at, &node), whose, "Draft Plain", &PLAIN, case.notes, case.plain);
    let plain_end = recorder.clock();
    recorder.put_clock(start);
    recorder.pass(1, 4);
    step(recorder, (at, &node), whose, "Draft Vivid", &VIVID, case.notes, case.vivid);
    recorder.put_clock(plain_end.max(recorder.clock()));
    let both = format!(
        "## Parallel Execution Results\n\n### ✅ SUCCESS: Draft Plain\n{}\n\n### ✅ SUCCESS: Draft Vivid\n{}",
        case.plain, case.vivid
    );
    end_step(recorder, at, &both);
    both
}

/// A step that an agent does.
fn step(
    recorder: &mut Recorder<'_>,
    parent: (At, &str),
    whose: &Whose,
    name: &str,
    agent: &'static Agent,
    input: &str,
    output: &str,
) {
    let (at, node) = begin_step(recorder, parent, name, input);
    recorder.say(at, "agno.step.type", "agent");
    recorder.say(at, "agno.step.agent_name", agent.name);
    let mut run = begin_agent(recorder, Some((at, &node)), agent, whose, input);
    run.reply(recorder, output);
    run.answer(recorder, output);
    end_step(recorder, at, output);
}

fn begin_step(
    recorder: &mut Recorder<'_>,
    (parent, parent_node): (At, &str),
    name: &str,
    input: &str,
) -> (At, String) {
    let at = recorder.open(Some(parent), format!("{}.execute", span_name(name)));
    let node = recorder.random.hex();
    recorder.say(at, "openinference.span.kind", "CHAIN");
    recorder.say(at, "graph.node.id", node.as_str());
    recorder.say(at, "graph.node.parent_id", parent_node);
    recorder.say(at, "graph.node.name", name);
    recorder.say(at, "input.value", input);
    recorder.pass(2, 8);
    (at, node)
}

fn end_step(recorder: &mut Recorder<'_>, at: At, output: &str) {
    recorder.pass(1, 6);
    recorder.say(at, "output.value", output);
    recorder.say(at, "output.mime_type", "text/plain");
    recorder.close(at);
}
