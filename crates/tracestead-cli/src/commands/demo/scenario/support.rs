//! A support agent that looks orders up and refunds them; in one variant behind a web application.

use serde_json::json;
use tracestead_model::SpanKind;

use super::variant;
use crate::commands::demo::agno::{Run, begin_agent};
use crate::commands::demo::cast::{Agent, GPT_4O_MINI, Tool, Whose};
use crate::commands::demo::recorder::{At, Recorder};

const TOOLS: [Tool; 2] = [
    Tool { name: "get_order", description: "Looks an order up by its number.", parameters: &["order_id"] },
    Tool {
        name: "refund",
        description: "Refunds an order, wholly or in part.",
        parameters: &["order_id", "amount", "reason"],
    },
];

static AGENT: Agent = Agent {
    name: "Support Agent",
    instructions: "You are the first line of support of Kettle & Crumb, a shop for kitchenware.\n\
        - Look the order up before you say anything about it.\n\
        - Refund up to 80 EUR yourself, above that promise a call back within a day.\n\
        - Be brief and warm. Never mention internal systems.",
    model: &GPT_4O_MINI,
    tools: &TOOLS,
    knowledge: false,
    streams: false,
};

struct Case {
    input: &'static str,
    order: &'static str,
    found: &'static str,
    refund: Option<(&'static str, &'static str)>,
    tags: &'static [&'static str],
    answer: &'static str,
}

const CASES: [Case; 8] = [
    Case {
        input: "Where is my order 10482? It was meant to be here on Monday.",
        order: "10482",
        found: r#"{"order_id": "10482", "status": "in_transit", "carrier": "DHL", "eta": "tomorrow", "items": ["Enamel pot 3 l"], "total": "54.90 EUR"}"#,
        refund: None,
        tags: &["shipping"],
        answer: "Your enamel pot is with DHL and due tomorrow. I am sorry it is late; if it is not there by tomorrow evening, write again and I will refund the shipping.",
    },
    Case {
        input: "The teapot from order 10377 arrived with a broken lid. Can I get my money back?",
        order: "10377",
        found: r#"{"order_id": "10377", "status": "delivered", "items": ["Teapot 'Hanami'"], "total": "39.00 EUR"}"#,
        refund: Some(("39.00", "arrived broken")),
        tags: &["refund"],
        answer: "I am sorry about the lid! I have refunded the 39.00 EUR, you will see it within three working days. No need to send the teapot back.",
    },
    Case {
        input: "I was charged twice for order 10511, please fix this.",
        order: "10511",
        found: r#"{"order_id": "10511", "status": "paid", "payments": [{"id": "pay_81c", "amount": "27.50"}, {"id": "pay_81d", "amount": "27.50"}], "total": "27.50 EUR"}"#,
        refund: Some(("27.50", "charged twice")),
        tags: &["refund", "billing"],
        answer: "You are right, 27.50 EUR was taken twice. I have returned the second payment; your bank shows it in two to three days.",
    },
    Case {
        input: "Can I still change the delivery address for 10530? We are moving on Friday.",
        order: "10530",
        found: r#"{"order_id": "10530", "status": "packed", "ship_on": "Thursday", "items": ["Bread knife", "Cutting board oak"], "total": "88.00 EUR"}"#,
        refund: None,
        tags: &["shipping"],
        answer: "Just in time: it is packed but not handed over yet. Tell me the new address and I will have the label changed before Thursday.",
    },
    Case {
        input: "order 10298: wrong colour, I ordered the green kettle and got the cream one",
        order: "10298",
        found: r#"{"order_id": "10298", "status": "delivered", "items": ["Kettle 1.7 l cream"], "note": "green sold out, replaced", "total": "64.00 EUR"}"#,
        refund: Some(("20.00", "wrong colour")),
        tags: &["refund", "complaint"],
        answer: "The green one sold out and the warehouse replaced it without asking, which should not have happened. I have refunded 20.00 EUR; if you would rather return the cream kettle, I will send you a label.",
    },
    Case {
        input: "Hi! Does the pan in my order 10466 work on induction?",
        order: "10466",
        found: r#"{"order_id": "10466", "status": "in_transit", "items": ["Iron pan 28 cm"], "total": "46.50 EUR"}"#,
        refund: None,
        tags: &["product-question"],
        answer: "Yes, the 28 cm iron pan works on every kind of hob, induction included. Rub it with a little oil before its first use.",
    },
    Case {
        input: "I'd like to cancel 10544, my husband ordered the same thing this morning :)",
        order: "10544",
        found: r#"{"order_id": "10544", "status": "paid", "items": ["Stand mixer 'Otto'"], "total": "219.00 EUR"}"#,
        refund: None,
        tags: &["refund", "vip"],
        answer: "That happens in the best families! As it is above 80 EUR a colleague will confirm the cancellation by phone within a day. Nothing will be shipped until then.",
    },
    Case {
        input: "The invoice for 10419 has our old company name on it. We need a corrected one for the tax office.",
        order: "10419",
        found: r#"{"order_id": "10419", "status": "delivered", "customer": "Bäckerei Lindqvist GbR", "items": ["Proofing basket x12"], "total": "156.00 EUR"}"#,
        refund: None,
        tags: &["billing", "business"],
        answer: "Of course. Tell me the name as it should stand on the invoice, and accounting will send the corrected one to the same address today.",
    },
];

/// A run on its own.
pub(super) fn in_chat(recorder: &mut Recorder<'_>, whose: &Whose, number: usize) {
    let case = variant(&CASES, number);
    let run = begin_agent(recorder, None, &AGENT, whose, case.input);
    recorder.say(run.at, "metadata", r#"{"channel": "chat"}"#);
    finish(recorder, run, case, None);
}

/// A run below the request of a web application, whose tool asks a database.
pub(super) fn in_app(recorder: &mut Recorder<'_>, whose: &Whose, number: usize) {
    let case = variant(&CASES, number + 3);
    let request = recorder.open(None, "POST /chat");
    recorder.by(request, "opentelemetry.instrumentation.fastapi", SpanKind::Server);
    recorder.say(request, "http.request.method", "POST");
    recorder.say(request, "http.route", "/chat");
    recorder.say(request, "url.path", "/chat");
    recorder.say(request, "server.address", "support.internal");
    recorder.pass(2, 9);
    let run = begin_agent(recorder, Some((request, "")), &AGENT, whose, case.input);
    recorder.say(run.at, "metadata", r#"{"channel": "web"}"#);
    finish(recorder, run, case, Some("SELECT shop.orders"));
    recorder.pass(1, 5);
    recorder.say(request, "http.response.status_code", 200_i64);
    recorder.close_unset(request);
}

fn finish(recorder: &mut Recorder<'_>, mut run: Run, case: &Case, query: Option<&str>) {
    recorder.say(run.at, "tag.tags", case.tags);
    let arguments = json!({"order_id": case.order});
    run.ask_for(recorder, &[(&TOOLS[0], arguments.clone())]);
    let tool = run.call_tool(recorder, &TOOLS[0], &arguments);
    recorder.pass(4, 20);
    if let Some(query) = query {
        ask_database(recorder, tool, query);
    }
    recorder.pass(10, 90);
    run.tool_returns(recorder, tool, case.found);
    if let Some((amount, reason)) = case.refund {
        let arguments = json!({"order_id": case.order, "amount": amount, "reason": reason});
        let result =
            format!(r#"{{"refund_id": "rf_{}", "amount": "{amount} EUR", "state": "accepted"}}"#, case.order);
        run.use_tool(recorder, &TOOLS[1], &arguments, (180, 650), &result);
    }
    run.reply(recorder, case.answer);
    run.answer(recorder, case.answer);
}

fn ask_database(recorder: &mut Recorder<'_>, tool: At, query: &str) {
    let at = recorder.open(Some(tool), query);
    recorder.by(at, "opentelemetry.instrumentation.asyncpg", SpanKind::Client);
    recorder.say(at, "db.system.name", "postgresql");
    recorder.say(at, "db.query.text", "SELECT * FROM orders WHERE order_id = $1");
    recorder.pass(1, 12);
    recorder.close_unset(at);
}
