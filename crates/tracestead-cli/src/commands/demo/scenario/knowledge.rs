//! An agent that looks into the company's handbook before it answers.

use serde_json::json;

use super::variant;
use crate::commands::demo::agno::begin_agent;
use crate::commands::demo::cast::{Agent, GPT_4O_MINI, Tool, Whose};
use crate::commands::demo::recorder::{At, Recorder};

const TOOLS: [Tool; 1] = [Tool {
    name: "search_knowledge_base",
    description: "Use this function to search the knowledge base for information about a query.",
    parameters: &["query"],
}];

static AGENT: Agent = Agent {
    name: "Handbook Agent",
    instructions: "<knowledge_base>\nYou have a knowledge base you can search using the search_knowledge_base tool. \
        Search before answering questions, don't assume you know the answer.\n</knowledge_base>\n\
        Answer questions of employees from the handbook. Name the page. If it is not in there, say so.",
    model: &GPT_4O_MINI,
    tools: &TOOLS,
    knowledge: true,
    streams: false,
};

struct Document {
    id: &'static str,
    content: &'static str,
    score: f64,
}

struct Case {
    input: &'static str,
    query: &'static str,
    documents: &'static [Document],
    answer: &'static str,
}

const CASES: [Case; 5] = [
    Case {
        input: "How many vacation days can I take over into next year?",
        query: "carry over vacation days",
        documents: &[
            Document {
                id: "handbook.md#time-off-3",
                content: "Up to five days of vacation may be carried over. They expire on 31 March.",
                score: 0.912,
            },
            Document {
                id: "handbook.md#time-off-1",
                content: "Everyone has 28 days of paid vacation a year, counted from the first month.",
                score: 0.847,
            },
            Document {
                id: "faq.md#payroll-7",
                content: "Unused days are shown on the December payslip.",
                score: 0.713,
            },
        ],
        answer: "Five days at most, and they expire on 31 March (handbook, time off, section 3). What is left shows on your December payslip.",
    },
    Case {
        input: "Am I allowed to expense a train ticket in first class?",
        query: "travel expenses train class",
        documents: &[
            Document {
                id: "travel-policy.md#rail",
                content: "Rail: second class; first class if the journey is longer than four hours or cheaper on the day.",
                score: 0.931,
            },
            Document {
                id: "travel-policy.md#flights",
                content: "Flights below five hours: economy. Prefer rail below six hours of travel.",
                score: 0.802,
            },
        ],
        answer: "Yes, if the journey takes more than four hours or first class is cheaper that day; otherwise second class (travel policy, rail).",
    },
    Case {
        input: "who do I tell when my laptop is stolen, and how fast",
        query: "lost or stolen device report",
        documents: &[
            Document {
                id: "security.md#devices-2",
                content: "Report a lost or stolen device to security@ within four hours. Devices are wiped remotely.",
                score: 0.944,
            },
            Document {
                id: "security.md#devices-5",
                content: "A replacement is handed out by IT on the next working day.",
                score: 0.861,
            },
            Document {
                id: "handbook.md#insurance",
                content: "Company devices are insured worldwide; a police report is needed within 48 hours.",
                score: 0.828,
            },
            Document {
                id: "onboarding.md#laptop",
                content: "You choose your laptop in the first week.",
                score: 0.604,
            },
        ],
        answer: "Write to security@ within four hours, so that it can be wiped (security, devices 2). Then get a police report within 48 hours for the insurance; IT hands out a replacement the next working day.",
    },
    Case {
        input: "What is the budget for conferences per person?",
        query: "conference budget per employee",
        documents: &[
            Document {
                id: "learning.md#budget",
                content: "Each employee has 1,800 EUR a year for learning: conferences, courses, books. Travel counts in.",
                score: 0.905,
            },
            Document {
                id: "learning.md#approval",
                content: "Your team lead approves; speakers need no approval and their travel does not count.",
                score: 0.871,
            },
        ],
        answer: "1,800 EUR a year for all learning, travel included (learning, budget). If you speak there, travel does not count against it.",
    },
    Case {
        input: "Is there a policy about using AI tools with customer data?",
        query: "AI tools customer data policy",
        documents: &[
            Document {
                id: "security.md#ai-1",
                content: "Customer data may only be sent to models on the approved list, with retention switched off.",
                score: 0.958,
            },
            Document {
                id: "security.md#ai-2",
                content: "Prompts with customer data are kept in our own database for 30 days and nowhere else.",
                score: 0.893,
            },
            Document {
                id: "legal.md#processors",
                content: "New processors need a signed agreement before any data is sent.",
                score: 0.776,
            },
        ],
        answer: "Yes: only models on the approved list with retention switched off (security, AI 1). Prompts stay in our own database for 30 days, and any new provider needs a signed agreement first.",
    },
];

pub(super) fn run(recorder: &mut Recorder<'_>, whose: &Whose, number: usize) {
    let case = variant(&CASES, number);
    let mut run = begin_agent(recorder, None, &AGENT, whose, case.input);
    let arguments = json!({"query": case.query});
    run.ask_for(recorder, &[(&TOOLS[0], arguments.clone())]);
    let tool = run.call_tool(recorder, &TOOLS[0], &arguments);
    recorder.pass(1, 4);
    retrieve(recorder, tool, case);
    let found: Vec<_> = case
        .documents
        .iter()
        .map(|document| json!({"name": document.id, "content": document.content, "meta_data": {"score": document.score}}))
        .collect();
    recorder.pass(1, 3);
    run.tool_returns(recorder, tool, &json!(found).to_string());
    run.reply(recorder, case.answer);
    run.answer(recorder, case.answer);
}

/// The search itself, with the call of the embedding model before it.
fn retrieve(recorder: &mut Recorder<'_>, tool: At, case: &Case) {
    let at = recorder.open(Some(tool), "PgVector.search");
    recorder.say(at, "openinference.span.kind", "RETRIEVER");
    recorder.say(at, "input.value", case.query);
    recorder.pass(1, 3);
    let embedding = recorder.open(Some(at), "OpenAIEmbedder.get_embedding");
    recorder.say(embedding, "openinference.span.kind", "EMBEDDING");
    recorder.say(embedding, "embedding.model_name", "text-embedding-3-small");
    recorder.say(embedding, "llm.provider", "OpenAI");
    recorder.say(embedding, "input.value", case.query);
    let tokens = i64::try_from(case.query.len() / 4).unwrap_or(0);
    recorder.say(embedding, "llm.token_count.prompt", tokens);
    recorder.say(embedding, "llm.token_count.total", tokens);
    recorder.pass(60, 210);
    recorder.close(embedding);
    recorder.pass(5, 30);
    for (number, document) in case.documents.iter().enumerate() {
        let prefix = format!("retrieval.documents.{number}.document");
        recorder.say(at, format!("{prefix}.id"), document.id);
        recorder.say(at, format!("{prefix}.content"), document.content);
        recorder.say(at, format!("{prefix}.score"), document.score);
        let (file, section) = document.id.split_once('#').unwrap_or((document.id, ""));
        recorder.say(at, format!("{prefix}.metadata"), json!({"file": file, "section": section}).to_string());
    }
    recorder.close(at);
}
