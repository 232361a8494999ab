//! A team that delegates, and a workflow with steps, hooks, a search and a tool that fails, traced into a SQLite file.
//!
//!     cargo run --example team_and_workflow
//!     tracestead serve --db sqlite:traces.db
//!
//! The models are made up; what they say and use is what theirs would be.

#![expect(clippy::print_stdout, reason = "an example talks to the terminal")]

use std::error::Error;
use std::fmt;
use std::thread::sleep;
use std::time::Duration;

use tracestead::spans::{
    AgentRun, Delegation, Document, Embedding, Guardrail, Hook, LlmCall, Message, Retrieval, TeamRun, Tool,
    ToolCall, Usage, WorkflowRun, WorkflowStep, json,
};
use tracestead::{SqliteDb, TraceQuery, setup_tracing};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "traces.db".to_owned());
    let db = SqliteDb::open(&path)?;
    let tracing = setup_tracing(db.clone())?;

    newsroom("s-1", "ann")?;
    refund("s-2", "bob")?;

    drop(tracing); // what still waits is stored
    for trace in db.get_traces(TraceQuery::default())? {
        let tokens = trace.total_tokens.unwrap_or_default();
        let dollars = trace.cost_nano_usd.unwrap_or_default();
        let dollars = format!("{}.{:09}", dollars / 1_000_000_000, dollars % 1_000_000_000);
        println!("{:<28} {:<6} {tokens:>5} tokens  ${dollars}", trace.name, trace.status);
    }
    Ok(())
}

/// The leader of a team asks a member, whose tool fails, and answers.
fn newsroom(session_id: &'static str, user_id: &'static str) -> Result<String> {
    let question = "Does it rain in Paris?";
    let team = TeamRun::new("newsroom")
        .mode("coordinate")
        .members(["reporter", "editor"])
        .run_id("run-team-1")
        .session_id(session_id)
        .user_id(user_id)
        .model("gpt-4o")
        .input(question)
        .start();
    let _current = team.enter();

    let call = LlmCall::new("gpt-4o").provider("openai").temperature(0.2);
    let call = call.messages([("system", "You lead a newsroom."), ("user", question)]);
    let call =
        call.tools([Tool::new("delegate_task_to_member").description("Gives a task to a member")]).start();
    sleep(Duration::from_millis(30));
    let task = json!({"member_id": "reporter", "task": "Find out whether it rains in Paris."});
    call.output_messages([Message::assistant("").tool_call("call-1", "delegate_task_to_member", task)])
        .usage(Usage::new(210, 31))
        .finish_reason("tool_calls")
        .end();

    let found = Delegation::to("reporter")
        .mode("coordinate")
        .call_id("call-1")
        .task("Find out whether it rains in Paris.")
        .run(|delegation| {
            let found = reporter();
            delegation.sub_run("run-reporter-1").result(found.clone());
            Ok::<_, fmt::Error>(found)
        })?;

    let call = LlmCall::new("gpt-4o").provider("openai");
    let call = call.messages([Message::user(question), Message::tool("call-1", found)]).start();
    sleep(Duration::from_millis(8));
    call.first_token();
    sleep(Duration::from_millis(40));
    let answer = "It rains in Paris, as far as anybody knows.";
    call.output_messages([Message::assistant(answer)])
        .usage(Usage::new(290, 24).cache_read(192))
        .finish_reason("stop")
        .end();
    team.output(answer).end();
    Ok(answer.to_owned())
}

/// A member of the team: its first tool fails, it makes do with another.
fn reporter() -> String {
    let run =
        AgentRun::new("reporter").agent_id("reporter").run_id("run-reporter-1").model("gpt-4o-mini").start();
    let _current = run.enter();
    let weather = ToolCall::new("get_weather")
        .call_id("call-2")
        .arguments(json!({"city": "Paris"}))
        .run(|_| weather_of("Paris"));
    let seen = weather.unwrap_or_else(|_| "The window is wet.".to_owned());
    run.output(seen.clone()).end();
    seen
}

/// The service has never been there.
fn weather_of(city: &str) -> std::result::Result<String, NoWeather> {
    std::fs::read_to_string(format!("/no/such/service/{city}")).map_err(NoWeather)
}

/// A workflow with a guardrail, hooks, a search and a model.
fn refund(session_id: &'static str, user_id: &'static str) -> Result<()> {
    let complaint = "My parcel is late. My card is 4111 1111 1111 1111.";
    let workflow =
        WorkflowRun::new("refund").session_id(session_id).user_id(user_id).input(complaint).start();
    let _current = workflow.enter();

    let complaint = Hook::pre("hide_cards").input(complaint).run(|hook| {
        let hidden = complaint.replace("4111 1111 1111 1111", "[card]");
        hook.modified(hidden.clone());
        Ok::<_, fmt::Error>(hidden)
    })?;
    let check = Guardrail::new("no_threats").input(complaint.clone()).start();
    check.triggered(false).end();

    let handbook = WorkflowStep::new("look_up").input(complaint.clone()).run(|step| {
        let call =
            Embedding::new("text-embedding-3-small").provider("openai").texts([complaint.clone()]).start();
        call.usage(Usage { input_tokens: Some(14), ..Usage::default() }).dimensions(1536).end();
        let search = Retrieval::new(complaint.clone()).store("handbook").k(2).start();
        search.documents([
            Document::new("Late parcels are refunded in full.").id("h-12").score(0.91),
            Document::new("Parcels take two days.").id("h-3").score(0.55),
        ]);
        search.end();
        step.output("Late parcels are refunded in full.");
        Ok::<_, fmt::Error>("Late parcels are refunded in full.")
    })?;

    WorkflowStep::new("answer").run(|step| {
        AgentRun::new("clerk").agent_id("clerk").input(complaint.clone()).run(|run| {
            let call = LlmCall::new("claude-sonnet-4-5").provider("anthropic").max_tokens(200);
            let call = call.messages([Message::system(handbook), Message::user(complaint.clone())]).start();
            sleep(Duration::from_millis(25));
            let answer = "You get your money back.";
            call.output_messages([Message::assistant(answer)])
                .usage(Usage::new(160, 19))
                .finish_reason("end_turn")
                .end();
            run.output(answer);
            step.output(answer);
            Ok::<_, fmt::Error>(())
        })
    })?;

    // Nobody waits for it, and it is within the workflow all the same.
    let audit = Hook::post("audit").in_background(|_| {
        sleep(Duration::from_millis(20));
        Ok::<_, fmt::Error>(())
    });
    workflow.output("refunded").end();
    audit.join().map_err(|_| "the audit panicked")??;
    Ok(())
}

#[derive(Debug)]
struct NoWeather(std::io::Error);

impl fmt::Display for NoWeather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the weather service does not answer")
    }
}

impl Error for NoWeather {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
