//! What typed spans say is what tracestead reads of them.

#![expect(clippy::unwrap_used, reason = "a test's helper that fails fails the test")]

use std::error::Error;
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::trace::{
    SpanContext, SpanId as OtelSpanId, Status as OtelStatus, TraceContextExt as _, TraceFlags,
    TraceId as OtelTraceId, TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Array, Context, KeyValue, Value as OtelValue, global};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracestead::spans::{
    AgentRun, Delegation, Document, Embedding, Guardrail, Hook, LlmCall, Message, Retrieval, TeamRun, Tool,
    ToolCall, Usage, WorkflowRun, WorkflowStep, json,
};
use tracestead::{SpanContent, SpanFacts};
use tracestead_model::{Attributes, Event, SpanSource, SpanType, StatusCode, UnixNanos, Value};

static EXPORTER: LazyLock<InMemorySpanExporter> = LazyLock::new(|| {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .with_max_attributes_per_span(1024)
        .build();
    global::set_tracer_provider(provider);
    exporter
});

/// A span that was recorded, as tracestead reads it.
#[derive(Debug)]
struct Read {
    data: SpanData,
    attributes: Attributes,
    facts: SpanFacts,
    content: SpanContent,
}

impl Read {
    fn of(data: SpanData) -> Self {
        let attributes = attributes(&data.attributes);
        let event = |event: &opentelemetry::trace::Event| Event {
            time: time(event.timestamp),
            name: event.name.to_string(),
            attributes: self::attributes(&event.attributes),
            dropped_attributes_count: 0,
        };
        let events: Vec<Event> = data.events.iter().map(event).collect();
        let (status_code, status_message) = match &data.status {
            OtelStatus::Unset => (StatusCode::Unset, ""),
            OtelStatus::Ok => (StatusCode::Ok, ""),
            OtelStatus::Error { description } => (StatusCode::Error, &**description),
        };
        let source = SpanSource {
            name: &data.name,
            scope_name: data.instrumentation_scope.name(),
            start_time: time(data.start_time),
            end_time: Some(time(data.end_time)),
            status_code,
            status_message,
            attributes: &attributes,
            events: &events,
        };
        let (facts, content) = (SpanFacts::of(&source), SpanContent::of(&source));
        Self { data, attributes, facts, content }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.attributes.text(key)
    }

    fn input(&self) -> Option<(&str, &str)> {
        self.content.input.as_ref().map(|input| (&*input.value, &*input.mime_type))
    }

    fn output(&self) -> Option<(&str, &str)> {
        self.content.output.as_ref().map(|output| (&*output.value, &*output.mime_type))
    }

    fn is_child_of(&self, parent: &Self) -> bool {
        self.data.parent_span_id == parent.data.span_context.span_id()
    }
}

fn time(time: std::time::SystemTime) -> UnixNanos {
    let since = time.duration_since(UNIX_EPOCH).unwrap();
    UnixNanos::from_i64(i64::try_from(since.as_nanos()).unwrap())
}

fn attributes(pairs: &[KeyValue]) -> Attributes {
    let value = |value: &OtelValue| match value {
        OtelValue::Bool(flag) => Value::Bool(*flag),
        OtelValue::I64(number) => Value::Int(*number),
        OtelValue::F64(number) => Value::Double(*number),
        OtelValue::String(text) => Value::from(text.as_str()),
        OtelValue::Array(Array::String(texts)) => {
            Value::Array(texts.iter().map(|text| Value::from(text.as_str())).collect())
        }
        other => panic!("{other:?} is not expected"),
    };
    pairs.iter().map(|pair| (pair.key.as_str(), value(&pair.value))).collect()
}

/// Returns a context in which a trace of its own goes on, and that trace.
fn trace() -> (Context, OtelTraceId) {
    LazyLock::force(&EXPORTER);
    let span = global::tracer("test").start("outside");
    let context = Context::new().with_span(span);
    let trace_id = context.span().span_context().trace_id();
    (context, trace_id)
}

fn spans_of(trace_id: OtelTraceId) -> Vec<Read> {
    let all = EXPORTER.get_finished_spans().unwrap().into_iter();
    all.filter(|span| span.span_context.trace_id() == trace_id && span.name != "outside")
        .map(Read::of)
        .collect()
}

/// Returns the spans that `work` leaves, in the order in which they ended.
fn recorded(work: impl FnOnce()) -> Vec<Read> {
    let (context, trace_id) = trace();
    let guard = context.attach();
    work();
    drop(guard);
    spans_of(trace_id)
}

fn one(work: impl FnOnce()) -> Read {
    let mut spans = recorded(work);
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

#[derive(Debug)]
struct OutOfReach(std::io::Error);

impl std::fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cannot reach the weather")
    }
}

impl Error for OutOfReach {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn panics() -> Result<(), OutOfReach> {
    panic!("within a future")
}

fn out_of_reach() -> OutOfReach {
    OutOfReach(std::io::Error::other("no route to host"))
}

#[test]
fn a_run_of_an_agent_says_who_where_and_for_whom() {
    let run = one(|| {
        let run = AgentRun::new("Support")
            .agent_id("support-1")
            .run_id("r-1")
            .session_id("s-1")
            .user_id("ann")
            .model("gpt-4o-mini")
            .instructions("You are kind.")
            .input("Hello")
            .tags(["beta", "eu"])
            .metadata(json!({"plan": "gold"}))
            .attribute("shop", "berlin")
            .start();
        run.output(json!({"answer": "Hi"})).attribute("stars", 5).end();
    });
    assert_eq!(run.data.name, "invoke_agent Support");
    assert_eq!(run.facts.span_type, SpanType::Agent);
    assert_eq!(run.facts.agent_id.as_deref(), Some("support-1"));
    assert_eq!(run.facts.agent_name.as_deref(), Some("Support"));
    assert_eq!(run.facts.run_id.as_deref(), Some("r-1"));
    assert_eq!(run.facts.session_id.as_deref(), Some("s-1"));
    assert_eq!(run.facts.user_id.as_deref(), Some("ann"));
    assert_eq!(run.facts.model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!(run.facts.tags, ["beta", "eu"]);
    assert_eq!(run.content.metadata["plan"], "gold");
    assert_eq!(run.content.system_prompt.as_deref(), Some("You are kind."));
    assert_eq!(run.input(), Some(("Hello", "text/plain")));
    assert_eq!(run.output(), Some((r#"{"answer":"Hi"}"#, "application/json")));
    assert_eq!(run.text("shop"), Some("berlin"));
    assert_eq!(run.attributes.get("stars"), Some(&Value::Int(5)));
    assert_eq!(run.data.status, OtelStatus::Ok);
    assert_eq!(run.facts.error_type, None);
}

#[test]
fn teams_and_workflows_are_told_apart_from_agents_and_chains() {
    let spans = recorded(|| {
        let team = TeamRun::new("Newsroom").mode("coordinate").members(["reporter", "editor"]).start();
        team.in_scope(|| {
            let delegation = Delegation::to("reporter").mode("coordinate").task("Ask.").call_id("c-9");
            let answer = delegation.run(|delegation| {
                delegation.sub_run("r-2").result("She says no.");
                AgentRun::new("reporter").run_id("r-2").run(|_| Ok::<_, OutOfReach>(1))
            });
            assert_eq!(answer.unwrap(), 1);
        });
        team.end();
        let workflow = WorkflowRun::new("Onboarding").workflow_id("w-1").start();
        workflow.in_scope(|| {
            let step = WorkflowStep::new("greet").input("ann").kind("parallel").start();
            step.output("Hello ann").end();
        });
        workflow.end();
    });
    let [member, delegation, team, step, workflow] = &spans[..] else { panic!("{spans:#?}") };
    assert_eq!(team.facts.span_type, SpanType::Team);
    assert_eq!(team.facts.team_id.as_deref(), Some("Newsroom"));
    assert_eq!(team.facts.team_name.as_deref(), Some("Newsroom"));
    assert_eq!(team.text("agno.team.mode"), Some("coordinate"));
    assert_eq!(member.facts.span_type, SpanType::Agent);
    assert!(member.is_child_of(delegation) && delegation.is_child_of(team));
    assert_eq!(delegation.facts.span_type, SpanType::Tool);
    assert_eq!(delegation.facts.tool_name.as_deref(), Some("delegate_task_to_member"));
    let call = delegation.content.tool.as_ref().unwrap();
    assert_eq!(call.arguments, json!({"member_id": "reporter", "task": "Ask."}));
    assert_eq!(call.result, json!("She says no."));
    assert_eq!(call.call_id.as_deref(), Some("c-9"));
    assert_eq!(delegation.text("delegation.run_id"), Some("r-2"));
    assert_eq!(delegation.text("delegation.member"), Some("reporter"));
    assert_eq!(workflow.facts.span_type, SpanType::Workflow);
    assert_eq!(workflow.facts.workflow_id.as_deref(), Some("w-1"));
    assert_eq!(workflow.facts.workflow_name.as_deref(), Some("Onboarding"));
    assert_eq!(step.facts.span_type, SpanType::Step);
    assert_eq!(step.facts.step_name.as_deref(), Some("greet"));
    assert!(step.is_child_of(workflow));
    assert_eq!(
        (step.input(), step.output()),
        (Some(("ann", "text/plain")), Some(("Hello ann", "text/plain")))
    );
}

#[test]
fn a_model_call_says_what_was_asked_answered_and_used() {
    let call = one(|| {
        let call = LlmCall::new("gpt-4o-mini")
            .provider("openai")
            .messages([
                Message::system("You are brief."),
                Message::user("What is this?").image_url("https://example.org/cat.png"),
                Message::assistant("").tool_call("c-1", "look", json!({"zoom": 2})),
                Message::tool("c-1", json!({"seen": "a cat"})),
            ])
            .messages([("user", "And now?")])
            .tools([Tool::new("look").description("Looks").parameters(json!({"type": "object"}))])
            .temperature(0.2)
            .max_tokens(100)
            .parameter("reasoning_effort", "low")
            .start();
        std::thread::sleep(Duration::from_millis(2));
        call.first_token();
        std::thread::sleep(Duration::from_millis(20));
        call.first_token()
            .output_messages([Message::assistant("A cat.").reasoning("Fur.").tool_call(
                "c-2",
                "pet",
                json!({}),
            )])
            .usage(Usage::new(120, 40).cache_read(100).cache_write(3).reasoning(25))
            .response_id("chatcmpl-1")
            .response_model("gpt-4o-mini-2024-07-18")
            .finish_reason("tool_calls")
            .cost_usd(0.25)
            .end();
    });
    assert_eq!(call.facts.span_type, SpanType::Llm);
    assert_eq!(call.facts.model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!(call.facts.response_model.as_deref(), Some("gpt-4o-mini-2024-07-18"));
    assert_eq!(call.facts.response_id.as_deref(), Some("chatcmpl-1"));
    assert_eq!(call.facts.provider.as_deref(), Some("openai"));
    assert_eq!(call.facts.finish_reason.as_deref(), Some("tool_call"));
    assert_eq!(call.facts.reported_cost_nano_usd, Some(250_000_000));
    let usage = call.facts.usage;
    assert_eq!(
        (usage.input_tokens, usage.output_tokens, usage.total_tokens),
        (Some(120), Some(40), Some(160))
    );
    assert_eq!((usage.cache_read_tokens, usage.cache_write_tokens), (Some(100), Some(3)));
    assert_eq!(usage.reasoning_tokens, Some(25));
    let ttft = Duration::from_nanos(call.facts.ttft_ns.unwrap().unsigned_abs());
    assert!(ttft >= Duration::from_millis(2) && ttft < Duration::from_millis(20), "{ttft:?}");
    assert_eq!(call.data.events.iter().filter(|event| event.name == "First Token Stream Event").count(), 1);
    assert_eq!(call.content.parameters["temperature"], 0.2);
    assert_eq!(call.content.parameters["max_tokens"], 100);
    assert_eq!(call.content.parameters["reasoning_effort"], "low");
    let [tool] = &call.content.tools[..] else { panic!("{:#?}", call.content.tools) };
    assert_eq!((&*tool.name, tool.description.as_deref()), ("look", Some("Looks")));
    assert_eq!(tool.parameters, json!({"type": "object"}));
    assert_eq!(call.content.system_prompt.as_deref(), Some("You are brief."));
}

/// What is read of OpenInference's attributes is what is read of OpenTelemetry's.
#[test]
fn both_conventions_say_the_same_messages() {
    let call = one(|| {
        let call = LlmCall::new("m").messages([
            Message::system("Be brief."),
            Message::user("What is this?").name("ann").image_url("https://example.org/cat.png"),
            Message::assistant("I look.").reasoning("Fur?").tool_call("c-1", "look", json!({"zoom": 2})),
            Message::tool("c-1", json!({"seen": "a cat"})),
            Message::tool("c-2", "nothing"),
        ]);
        let call = call.start();
        call.output_messages([Message::assistant("").tool_call("c-3", "a", json!({"x": 1})).tool_call(
            "c-4",
            "b",
            json!({}),
        )]);
        call.end();
    });
    let only = |prefix: &str| -> SpanContent {
        let kept = call.attributes.iter().filter(|(key, _)| !key.starts_with(prefix));
        let kept: Attributes = kept.map(|(key, value)| (key, value.clone())).collect();
        let mut content = SpanContent::of(&SpanSource::new("chat m", &kept));
        // A media type that is not known is not said, or said to be none.
        for message in &mut content.input_messages {
            for part in &mut message.parts {
                part.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            }
        }
        content
    };
    let (genai, openinference) = (only("llm."), only("gen_ai."));
    assert_eq!(openinference.input_messages, genai.input_messages);
    assert_eq!(openinference.output_messages, genai.output_messages);
    assert_eq!(genai.input_messages.len(), 5);
    assert_eq!(genai.input_messages[1].parts.len(), 2);
    assert_eq!(genai.input_messages[2].parts.len(), 3);
    assert_eq!(genai.input_messages[3].parts[0]["response"], json!({"seen": "a cat"}));
    assert_eq!(genai.output_messages[0].parts[1]["name"], "b");
}

#[test]
fn a_tool_says_what_it_was_given_and_gave() {
    let spans = recorded(|| {
        let call = ToolCall::new("get_weather").call_id("c-1").description("Tells the weather");
        let weather =
            call.arguments(json!({"city": "Paris"})).run(|_| Ok::<_, OutOfReach>(json!({"sky": "grey"})));
        assert_eq!(weather.unwrap()["sky"], "grey");
        let text = ToolCall::new("say").arguments("hi").run(|call| {
            call.attribute("loud", true);
            Ok::<_, OutOfReach>("HI")
        });
        assert_eq!(text.unwrap(), "HI");
        ToolCall::new("forget").run(|_| Ok::<_, OutOfReach>(())).unwrap();
    });
    let [weather, say, forget] = &spans[..] else { panic!("{spans:#?}") };
    assert_eq!(weather.facts.span_type, SpanType::Tool);
    assert_eq!(weather.facts.tool_name.as_deref(), Some("get_weather"));
    let call = weather.content.tool.as_ref().unwrap();
    assert_eq!(call.call_id.as_deref(), Some("c-1"));
    assert_eq!(call.description.as_deref(), Some("Tells the weather"));
    assert_eq!((&call.arguments, &call.result), (&json!({"city": "Paris"}), &json!({"sky": "grey"})));
    assert_eq!(weather.data.status, OtelStatus::Ok);
    assert_eq!(say.output(), Some(("HI", "text/plain")));
    assert_eq!(say.attributes.get("loud"), Some(&Value::Bool(true)));
    assert_eq!(forget.output(), None);
}

#[test]
fn errors_have_a_type_a_text_and_causes() {
    let spans = recorded(|| {
        assert!(ToolCall::new("a").run(|_| Err::<(), _>(out_of_reach())).is_err());
        let boxed = || -> Result<(), Box<dyn Error + Send + Sync>> { Err(out_of_reach().into()) };
        assert!(WorkflowStep::new("b").run(|_| boxed()).is_err());
        let here = || -> Result<(), Box<dyn Error>> { Err(out_of_reach().into()) };
        assert!(Hook::pre("c").run(|_| here()).is_err());
        let any = || -> anyhow::Result<()> { Err(out_of_reach().into()) };
        assert!(AgentRun::new("d").run(|_| any()).is_err());
        let call = LlmCall::new("e").start();
        call.fail(&out_of_reach());
        call.end();
        let guardrail = Guardrail::new("f").start();
        let error: Box<dyn Error> = out_of_reach().into();
        guardrail.fail(&*error).end();
    });
    assert_eq!(spans.len(), 6);
    for span in &spans {
        assert_eq!(span.data.status, OtelStatus::error("cannot reach the weather"), "{}", span.data.name);
        assert!(
            span.facts.error_type.as_ref().unwrap().ends_with("OutOfReach"),
            "{:?}",
            span.facts.error_type
        );
        let exception = span.content.exception.as_ref().unwrap();
        assert_eq!(exception.message.as_deref(), Some("cannot reach the weather"));
        assert!(exception.exception_type.as_ref().unwrap().ends_with("OutOfReach"));
        let chain = exception.stacktrace.as_ref().unwrap();
        assert!(
            chain.ends_with("OutOfReach: cannot reach the weather\ncaused by: no route to host"),
            "{chain}"
        );
    }
}

/// Its span begins and ends while a panic unwinds, and has not panicked.
struct Cleaner;

impl Drop for Cleaner {
    fn drop(&mut self) {
        WorkflowStep::new("cleaning").start().end();
    }
}

#[test]
fn a_panic_ends_the_span_and_goes_on() {
    let quietly = |work: &(dyn Fn() + std::panic::RefUnwindSafe)| std::panic::catch_unwind(work).unwrap_err();
    let spans = recorded(|| {
        let panic = quietly(&|| {
            let _ = ToolCall::new("closure")
                .run(|_| -> Result<(), OutOfReach> { panic!("{}", "no weather".to_owned()) });
        });
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "no weather");
        quietly(&|| {
            let run = AgentRun::new("guard").start();
            let _current = run.enter();
            let _call = LlmCall::new("inner").start();
            panic!("somewhere");
        });
        quietly(&|| {
            let _cleaner = Cleaner;
            panic!("somewhere");
        });
    });
    let names: Vec<_> = spans.iter().map(|span| &*span.data.name).collect();
    assert_eq!(names, ["execute_tool closure", "chat inner", "invoke_agent guard", "cleaning"]);
    for (span, message) in spans.iter().zip(["no weather", "panicked", "panicked"]) {
        assert_eq!(span.data.status, OtelStatus::error(message));
        assert_eq!(span.facts.error_type.as_deref(), Some("panic"));
        let exception = span.content.exception.as_ref().unwrap();
        assert_eq!(exception.message.as_deref(), Some(message));
    }
    assert_eq!(spans[3].data.status, OtelStatus::Ok);
    let left = recorded(|| assert!(Context::current().span().span_context().is_valid()));
    assert!(left.is_empty());
}

#[test]
fn a_span_that_is_dropped_has_ended_without_a_verdict() {
    let span = one(|| {
        let _step = WorkflowStep::new("given up").start();
    });
    assert_eq!((span.data.status, span.facts.error_type), (OtelStatus::Unset, None));
}

#[test]
fn a_search_says_what_it_found() {
    let search = one(|| {
        let search = Retrieval::new("late parcel").store("handbook").k(3).start();
        search.documents([
            Document::new("Refunded.").id("h-12").score(0.5).metadata(json!({"page": 3})),
            Document::from("Two days."),
        ]);
        search.end();
    });
    assert_eq!(search.facts.span_type, SpanType::Retriever);
    let found = search.content.retrieval.as_ref().unwrap();
    assert_eq!(found.query.as_deref(), Some("late parcel"));
    assert_eq!((found.store.as_deref(), found.k), (Some("handbook"), Some(3)));
    let [first, second] = &found.documents[..] else { panic!("{found:#?}") };
    assert_eq!((first.id.as_deref(), &*first.content, first.score), (Some("h-12"), "Refunded.", Some(0.5)));
    assert_eq!(first.metadata, json!({"page": 3}));
    assert_eq!((second.id.as_deref(), &*second.content, second.score), (None, "Two days.", None));
}

#[test]
fn hooks_guardrails_and_embeddings_are_what_they_are() {
    let spans = recorded(|| {
        let hook = Hook::pre("remove_names").input("I am Ann").start();
        hook.modified("I am …").end();
        Hook::post("audit").run(|_| Ok::<_, OutOfReach>(())).unwrap();
        let check = Guardrail::new("no_secrets").input("1234").start();
        check.triggered(true).output("a password");
        check.end();
        let call = Embedding::new("text-embedding-3-small").provider("openai").texts(["a", "b"]).start();
        call.usage(Usage { input_tokens: Some(3), ..Usage::default() }).dimensions(1536);
        call.end();
    });
    let [pre, post, check, embedding] = &spans[..] else { panic!("{spans:#?}") };
    assert_eq!((pre.facts.span_type, post.facts.span_type), (SpanType::Hook, SpanType::Hook));
    assert_eq!((&*pre.data.name, &*post.data.name), ("pre_hook remove_names", "post_hook audit"));
    assert_eq!((pre.text("hook.name"), pre.text("hook.type")), (Some("remove_names"), Some("pre")));
    assert_eq!(pre.input(), Some(("I am Ann", "text/plain")));
    assert_eq!(pre.output(), Some(("I am …", "text/plain")));
    assert_eq!(pre.attributes.get("hook.modified"), Some(&Value::Bool(true)));
    assert_eq!(check.facts.span_type, SpanType::Guardrail);
    assert_eq!(check.content.guardrail.unwrap().triggered, Some(true));
    assert_eq!(check.data.status, OtelStatus::Ok);
    assert_eq!(embedding.facts.span_type, SpanType::Embedding);
    assert_eq!(embedding.facts.model.as_deref(), Some("text-embedding-3-small"));
    assert_eq!(embedding.facts.usage.input_tokens, Some(3));
    let vectors = embedding.content.embedding.as_ref().unwrap();
    assert_eq!((vectors.texts.len(), vectors.dimensions), (2, Some(1536)));
}

#[test]
fn a_hook_in_the_background_is_within_the_run_that_ended_first() {
    let spans = recorded(|| {
        let run = AgentRun::new("support").session_id("s-1").start();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let hook = run.in_scope(|| {
            Hook::post("audit").in_background(move |_| {
                wait.recv().unwrap();
                ToolCall::new("write").run(|_| Ok::<_, OutOfReach>(()))
            })
        });
        run.end();
        go.send(()).unwrap();
        hook.join().unwrap().unwrap();
    });
    let [run, write, hook] = &spans[..] else { panic!("{spans:#?}") };
    assert!(hook.is_child_of(run) && write.is_child_of(hook));
    assert!(hook.data.end_time >= run.data.end_time);
    assert_eq!(hook.attributes.get("hook.background"), Some(&Value::Bool(true)));
    assert_eq!(write.facts.session_id.as_deref(), Some("s-1"));
}

#[test]
fn session_and_user_are_those_of_the_innermost_run_that_says_them() {
    let spans = recorded(|| {
        let outer = TeamRun::new("outer").session_id("s-1").user_id("ann").start();
        outer.in_scope(|| {
            let inner = AgentRun::new("inner").session_id("s-2").start();
            inner.in_scope(|| drop(LlmCall::new("m").start()));
            inner.end();
        });
        outer.in_scope(|| Retrieval::new("q").start().end());
    });
    for (span, session) in spans.iter().zip(["s-2", "s-2", "s-1", "s-1"]) {
        assert_eq!(span.facts.session_id.as_deref(), Some(session), "{}", span.data.name);
        assert_eq!(span.facts.user_id.as_deref(), Some("ann"), "{}", span.data.name);
    }
}

/// Tasks go from thread to thread, and others run in between.
#[test]
fn futures_keep_their_span_wherever_they_are_polled() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    let (context, trace_id) = trace();
    runtime.block_on(async {
        let guard = context.attach();
        let tasks: Vec<_> = (0..20)
            .map(|number: u64| {
                let run = AgentRun::new(format!("agent {number}")).start();
                let work = run.instrument(async move {
                    for call in 0..3 {
                        tokio::time::sleep(Duration::from_micros(number * 37 % 200)).await;
                        let call = LlmCall::new(format!("model {number}.{call}")).start();
                        let inner = call.instrument(async {
                            tokio::task::yield_now().await;
                            let tool = ToolCall::new(format!("tool {number}"));
                            tool.run_async(async {
                                tokio::task::yield_now().await;
                                Ok::<_, OutOfReach>(number)
                            })
                            .await
                        });
                        assert_eq!(inner.await.unwrap(), number);
                        call.end();
                    }
                });
                tokio::spawn(async move {
                    work.await;
                    run.end();
                })
            })
            .collect();
        drop(guard);
        for task in tasks {
            task.await.unwrap();
        }
    });
    let spans = spans_of(trace_id);
    assert_eq!(spans.len(), 20 + 60 + 60);
    let of = |name: &str| spans.iter().filter(|span| span.data.name == name).collect::<Vec<_>>();
    for number in 0..20 {
        let run = of(&format!("invoke_agent agent {number}"))[0];
        let calls: Vec<_> = (0..3).map(|call| of(&format!("chat model {number}.{call}"))[0]).collect();
        assert!(calls.iter().all(|call| call.is_child_of(run)));
        let tools = of(&format!("execute_tool tool {number}"));
        assert!(tools.iter().all(|tool| calls.iter().any(|call| tool.is_child_of(call))));
        assert_eq!(tools[0].output(), Some((&*number.to_string(), "application/json")));
    }
}

#[test]
fn a_future_is_within_the_span_that_was_current_when_it_was_made() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let spans = recorded(|| {
        let run = AgentRun::new("support").start();
        let (hook, failing, panicking) = run.in_scope(|| {
            (
                Hook::post("audit").background().run_async(async { Ok::<_, OutOfReach>(()) }),
                ToolCall::new("failing").run_async(async { Err::<(), _>(out_of_reach()) }),
                ToolCall::new("panicking").run_async(async {
                    tokio::task::yield_now().await;
                    panics()
                }),
            )
        });
        run.end();
        runtime.block_on(async {
            tokio::spawn(hook).await.unwrap().unwrap();
            assert!(tokio::spawn(failing).await.unwrap().is_err());
            assert!(tokio::spawn(panicking).await.unwrap_err().is_panic());
        });
    });
    let [run, hook, failing, panicking] = &spans[..] else { panic!("{spans:#?}") };
    assert!([hook, failing, panicking].iter().all(|span| span.is_child_of(run)));
    assert_eq!(hook.data.status, OtelStatus::Ok);
    assert_eq!(failing.data.status, OtelStatus::error("cannot reach the weather"));
    assert_eq!(panicking.data.status, OtelStatus::error("panicked"));
}

#[test]
fn a_parent_and_a_tracer_may_be_given() {
    let remote = SpanContext::new(
        OtelTraceId::from_bytes([7; 16]),
        OtelSpanId::from_bytes([8; 8]),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let context = Context::new().with_remote_span_context(remote);
    AgentRun::new("support").child_of(&context).start_with(&provider.tracer("mine")).end();
    let spans = exporter.get_finished_spans().unwrap();
    assert_eq!(spans[0].parent_span_id, OtelSpanId::from_bytes([8; 8]));
    assert_eq!(spans[0].instrumentation_scope.name(), "mine");
}

/// A value that is made into JSON only if somebody listens.
struct Watched;

impl From<Watched> for tracestead::spans::Json {
    fn from(_: Watched) -> Self {
        panic!("nobody listens")
    }
}

#[test]
fn where_nobody_listens_nothing_is_made() {
    let tracer = opentelemetry::trace::noop::NoopTracer::new();
    let run =
        AgentRun::new("support").session_id("s").input("x").child_of(&Context::new()).start_with(&tracer);
    assert!(!run.is_recording());
    run.output(Watched).fail(&out_of_reach());
    run.end();
    let hook = Hook::pre("h").child_of(&Context::new()).start_with(&tracer);
    hook.modified(Watched);
    let call = LlmCall::new("m").child_of(&Context::new()).start_with(&tracer);
    call.first_token().usage(Usage::new(1, 2)).output_messages([Message::assistant("x")]);
    call.end();
}
