"""What Agno's runs say with our instrumentation, gap by gap, for every version of Agno and every way to run it.

Each test reads one scenario of `agno_scenarios.py` in all of its modes. What the program sees is compared for all of them, with
and without us.
"""

from __future__ import annotations

from typing import Any

import pytest
from captured import Span, Spans, documents

SECRET = "ann@example.com"
ALL = ("sync", "stream", "async", "async_stream")
STREAMS = ("stream", "async_stream")
CALLS = ("sync", "async")

Played = dict[str, Any]

every_mode = pytest.mark.parametrize("mode", ALL)
every_stream = pytest.mark.parametrize("mode", STREAMS)


def spans_of(instrumented: Played, scenario: str, mode: str) -> Spans:
    return Spans(instrumented[f"{scenario}:{mode}"])


def attributes_of(span: Span) -> dict[str, Any]:
    return span["attributes"]


# What the program sees, and what must hold whatever is run.


def test_the_program_sees_the_same(instrumented: Played, plain: Played, every_scenario: str) -> None:
    assert instrumented[every_scenario]["said"] == plain[every_scenario]["said"]


def test_every_scenario_is_here(instrumented: Played, plain: Played) -> None:
    assert instrumented.keys() == plain.keys()


def test_nothing_is_complained_of(instrumented: Played, every_scenario: str) -> None:
    complaints = instrumented[every_scenario]["warnings"]
    if every_scenario == "agent_early_break:async_stream":
        # The instrumentor's own: asyncio ends the stream of a model in another context than it was begun in.
        complaints = [one for one in complaints if one != "opentelemetry.context: Failed to detach context"]
    assert complaints == []


def test_every_span_ends_and_has_its_parent(instrumented: Played, every_scenario: str) -> None:
    played = instrumented[every_scenario]
    assert played["unfinished"] == []
    ids = {span["id"] for span in played["spans"]}
    assert [span["name"] for span in played["spans"] if span["parent"] and span["parent"] not in ids] == []


def test_every_span_has_a_status(instrumented: Played, every_scenario: str) -> None:
    ours = [span for span in instrumented[every_scenario]["spans"] if span["scope"] != "my-app"]
    assert [span["name"] for span in ours if span["status"] == "UNSET"] == []


# 5. Inputs that pre-hooks redact.


@every_mode
@pytest.mark.parametrize("scenario", ["hooks_guardrails", "hooks_of_team", "hooks_in_workflow"])
def test_a_redacted_input_stands_nowhere(instrumented: Played, scenario: str, mode: str) -> None:
    spans = spans_of(instrumented, scenario, mode)
    assert SECRET not in spans.text()
    # Not what the first of two hooks left either, since the second hid that as well.
    assert "[hidden]" not in spans.text()
    assert attributes_of(spans.run())["input.value"] == "my address is [redacted]"


@every_mode
def test_a_workflow_around_shows_the_redacted_input(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "hooks_in_workflow", mode)
    workflow, step = spans.all[:2]
    assert workflow["name"].startswith("Careful_Workflow.")
    assert step["name"].startswith("Careful_Step.")
    assert attributes_of(workflow)["input.value"] == "my address is [redacted]"
    assert attributes_of(step)["input.value"] == "my address is [redacted]"


@every_mode
def test_messages_changed_in_place_are_noticed(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "hooks_with_messages", mode)
    assert SECRET not in spans.text()
    assert attributes_of(spans.only("pre_hook hide"))["hook.modified"] is True
    assert attributes_of(spans.run())["input.value"] == "my address is [hidden]"


@every_mode
def test_a_hook_in_the_background_does_not_show_the_raw_input(instrumented: Played, mode: str) -> None:
    # It ran on a copy from before the hook that redacts.
    assert SECRET in str(instrumented[f"background_hook:{mode}"]["said"])
    assert SECRET not in spans_of(instrumented, "background_hook", mode).text()


# 1. Hooks and guardrails.


@every_mode
@pytest.mark.parametrize(
    ("scenario", "id_key"), [("hooks_guardrails", "agno.agent.id"), ("hooks_of_team", "agno.team.id")]
)
def test_hooks_are_spans_in_order(instrumented: Played, scenario: str, id_key: str, mode: str) -> None:
    spans = spans_of(instrumented, scenario, mode)
    run = spans.run()
    hide = "ahide_address" if mode.startswith("async") else "hide_address"
    hooks = [span for span in spans.all if "hook.type" in attributes_of(span)]
    assert [span["name"] for span in hooks] == [
        "pre_hook look_at_input",
        "LengthGuardrail",
        f"pre_hook {hide}",
        "pre_hook Redactor",
        "post_hook sign_off",
    ]
    assert [attributes_of(span)["hook.modified"] for span in hooks] == [False, False, True, True, True]
    for span in hooks:
        assert spans.parent(span) is run
        assert span["scope"] == "tracestead.agno"
        assert span["status"] == "OK"
        assert span["start_ns"] <= span["end_ns"] <= run["end_ns"]
        told = attributes_of(span)
        assert told["hook.background"] is False
        assert told[id_key] == attributes_of(run)[id_key]
        assert told["agno.run.id"] == attributes_of(run)["agno.run.id"]
        assert (told["session.id"], told["user.id"]) == ("sess", "ann")
    # A pre-hook's span is kept open until the others have run; its duration is its own.
    first_llm = spans.of_kind("LLM")[0]
    ends = [span["end_ns"] for span in hooks[:4]]
    assert ends == sorted(ends)
    assert all(end <= first_llm["start_ns"] for end in ends)


@every_mode
def test_hooks_show_what_they_changed(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "hooks_guardrails", mode)
    look, hide = [span for span in spans.all if span["name"].startswith("pre_hook")][:2]
    assert not {"input.value", "output.value"} & attributes_of(look).keys()
    assert not {"input.value", "output.value"} & attributes_of(hide).keys()
    redact = attributes_of(spans.only("pre_hook Redactor"))
    assert "input.value" not in redact
    assert redact["output.value"] == "my address is [redacted]"
    sign = attributes_of(spans.only("post_hook sign_off"))
    assert sign["input.value"] == "I have noted your address."
    assert sign["output.value"] == "I have noted your address. Bye."
    assert (sign["hook.name"], sign["hook.type"], sign["openinference.span.kind"]) == (
        "sign_off",
        "post",
        "CHAIN",
    )


@every_mode
@pytest.mark.parametrize("scenario", ["guardrail_blocked", "guardrail_blocked_team"])
def test_a_guardrail_that_blocks(instrumented: Played, scenario: str, mode: str) -> None:
    spans = spans_of(instrumented, scenario, mode)
    guardrail = spans.only("LengthGuardrail")
    told = attributes_of(guardrail)
    assert (told["openinference.span.kind"], told["guardrail.name"]) == ("GUARDRAIL", "LengthGuardrail")
    assert (told["guardrail.triggered"], told["guardrail.trigger"]) == (True, "input_not_allowed")
    assert told["hook.modified"] is False
    assert told["input.value"].startswith("say hello say hello")
    assert (guardrail["status"], guardrail["status_message"]) == ("ERROR", "too long")
    assert_exception(guardrail, "agno.exceptions.InputCheckError", "too long")
    assert spans.run()["status"] == "ERROR"
    assert spans.of_kind("LLM") == []


@every_mode
def test_a_guardrail_that_lets_pass(instrumented: Played, mode: str) -> None:
    told = attributes_of(spans_of(instrumented, "hooks_guardrails", mode).only("LengthGuardrail"))
    assert told["guardrail.triggered"] is False
    assert "guardrail.trigger" not in told


@every_mode
def test_a_hook_that_fails_does_not_fail_the_run(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "hook_fails", mode)
    hook = spans.only("pre_hook broken_hook")
    assert hook["status"] == "ERROR"
    assert_exception(hook, "KeyError", "'nobody'")
    assert spans.run()["status"] == "OK"


@every_mode
def test_hooks_in_the_background_are_of_the_run(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "background_hook", mode)
    run = spans.run()
    comment = "acomment" if mode.startswith("async") else "comment"
    late = [span for span in spans.all if attributes_of(span).get("hook.background")]
    assert {span["name"] for span in late} == {
        f"post_hook {comment}",
        "post_hook broken_log",
        "pre_hook log_input",
    }
    for span in late:
        assert spans.parent(span) is run
        assert span["trace"] == run["trace"]
        assert span["start_ns"] >= run["end_ns"]
        assert attributes_of(span)["agno.run.id"] == attributes_of(run)["agno.run.id"]
    broken = spans.only("post_hook broken_log")
    assert broken["status"] == "ERROR"
    assert_exception(broken, "OSError", "the disk is full")
    # What a hook does is beneath it.
    commenting = next(span for span in spans.runs() if span["name"].startswith("Commenting_Agent"))
    assert spans.above(commenting)[0] == f"post_hook {comment}"


def test_all_hooks_in_the_background(instrumented: Played) -> None:
    spans = spans_of(instrumented, "background_mode", "async")
    hook, guardrail = spans.only("pre_hook log_input"), spans.only("LengthGuardrail")
    assert attributes_of(hook)["hook.background"] is True
    assert attributes_of(hook)["input.value"] == "say hello"
    # Guardrails have to block, and do not wait.
    assert attributes_of(guardrail)["hook.background"] is False
    assert spans.parent(hook) is spans.parent(guardrail) is spans.run()


@every_mode
def test_hooks_of_tools(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "tool_hooks", mode)
    around = "ameasure" if mode == "async" else "measure"
    tool = next(span for span in spans.of_kind("TOOL") if span["name"] == "get_weather")
    for name in ("pre_hook before", f"tool_hook {around}"):
        hook = spans.only(name)
        assert spans.parent(hook) is tool
        told = attributes_of(hook)
        assert (told["hook.type"], told["tool.name"]) == ("tool", "get_weather")
        assert told["input.value"] == '{"city": "Paris"}'
    if mode != "async_stream":
        assert attributes_of(spans.only(f"tool_hook {around}"))["output.value"] == "sunny, 24C"


# 2. Knowledge searches.


@every_mode
@pytest.mark.parametrize(
    ("scenario", "parent"),
    [
        ("knowledge_agent", "search_knowledge_base"),
        ("knowledge_team", "search_knowledge_base"),
        ("knowledge_context_agent", "Reading_Agent."),
        ("knowledge_context_team", "Reading_Team."),
    ],
)
def test_a_search_is_a_span(instrumented: Played, scenario: str, parent: str, mode: str) -> None:
    spans = spans_of(instrumented, scenario, mode)
    (search,) = spans.of_kind("RETRIEVER")
    assert spans.above(search)[0].startswith(parent)
    assert search["scope"] == "tracestead.agno"
    told = attributes_of(search)
    in_context = "context" in scenario
    assert told["input.value"] == ("how cold is ice" if in_context else "boiling water")
    assert told["gen_ai.operation.name"] == "retrieval"
    assert told["gen_ai.request.top_k"] == 2.0
    assert told["gen_ai.data_source.id"] == "Physics"
    assert (told["db.system.name"], told["db.collection.name"]) == ("lancedb", "facts")
    assert told["agno.run.id"] == attributes_of(spans.run())["agno.run.id"]
    assert (told["session.id"], told["user.id"]) == ("sess", "ann")
    found = documents(search)
    assert [document["id"] for document in found] == (
        ["ice", "boiling"] if in_context else ["boiling", "ice"]
    )
    assert found[0]["content"] == ("Ice melts at 0 degrees." if in_context else "Water boils at 100 degrees.")
    assert found[0]["metadata"] == ('{"page": 2}' if in_context else '{"page": 1}')
    assert 0.0 < found[1]["score"] < found[0]["score"] <= 1.0
    assert told["agno.retrieval.documents_count"] == 2


@every_mode
def test_a_retriever_of_the_users(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "knowledge_retriever", mode)
    (search,) = spans.of_kind("RETRIEVER")
    assert spans.above(search)[0] == "search_knowledge_base"
    assert attributes_of(search)["agno.knowledge.retriever"] == "look_up"
    assert documents(search) == [
        {"id": "7", "content": "Water boils.", "score": 0.75, "metadata": '{"page": 3}'}
    ]


@every_mode
def test_a_search_that_fails(instrumented: Played, mode: str) -> None:
    (search,) = spans_of(instrumented, "knowledge_fails", mode).of_kind("RETRIEVER")
    assert search["status"] == "ERROR"
    assert_exception(search, "ConnectionError", "no route to the library")


@pytest.mark.parametrize("mode", CALLS)
def test_a_search_by_hand(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "knowledge_by_hand", mode)
    (search,) = spans.all
    assert attributes_of(search)["openinference.span.kind"] == "RETRIEVER"
    assert [document["id"] for document in documents(search)] == ["boiling", "ice"]


# 3. Exceptions of tools.


@every_mode
def test_the_exception_of_a_tool(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "agent_tool_exception", mode)
    tool = spans.only("explode")
    assert (tool["status"], tool["status_message"]) == ("ERROR", "boom: 7")
    assert_exception(tool, "ValueError", "boom: 7")
    assert "raise ValueError" in tool["events"][0]["attributes"]["exception.stacktrace"]
    assert spans.run()["status"] == "OK"


@every_mode
def test_a_tool_call_has_its_id(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "agent_tools_ok", mode)
    told = attributes_of(spans.only("get_weather"))
    asked = attributes_of(spans.of_kind("LLM")[0])["llm.output_messages.0.message.tool_calls.0.tool_call.id"]
    assert told["tool_call.id"] == told["gen_ai.tool.call.id"] == asked


@pytest.mark.parametrize("mode", ["sync", "stream"])
def test_the_exception_of_a_tool_that_is_a_generator(instrumented: Played, mode: str) -> None:
    tool = spans_of(instrumented, "generator_tool_exception", mode).only("count")
    assert (tool["status"], tool["status_message"]) == ("ERROR", "cannot count further")
    assert_exception(tool, "ValueError", "cannot count further")
    assert attributes_of(tool)["output.value"] == "0"
    fine = spans_of(instrumented, "generator_tool", mode).only("count")
    assert (fine["status"], attributes_of(fine)["output.value"]) == ("OK", "01")


def test_a_tool_that_is_cancelled(instrumented: Played) -> None:
    spans = spans_of(instrumented, "agent_cancelled", "async")
    assert spans.only("get_weather")["status"] == "ERROR"
    assert spans.run()["status"] == "ERROR"


# 6. The context after a team.


@every_mode
def test_what_runs_after_a_team_is_no_part_of_it(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "team_context_leak", mode)
    later = spans.only("Later_Agent.run")
    assert later["parent"] is None
    assert later["trace"] != spans.run()["trace"]


# 7. Streams that fail or are left.


@every_stream
@pytest.mark.parametrize("scenario", ["model_error", "team_model_error"])
def test_a_failed_stream_is_an_error(instrumented: Played, scenario: str, mode: str) -> None:
    run = spans_of(instrumented, scenario, mode).run()
    assert (run["status"], run["status_message"]) == ("ERROR", "the model is overloaded")
    assert attributes_of(run)["agno.run.status"] == "ERROR"


@every_stream
def test_a_stream_that_is_left_early(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "agent_early_break", mode)
    run, llm = spans.run(), spans.of_kind("LLM")[0]
    assert (run["status"], attributes_of(run)["agno.stream.completed"]) == ("OK", False)
    assert attributes_of(run)["output.value"] == "Hello"
    assert (llm["status"], attributes_of(llm)["agno.stream.completed"]) == ("OK", False)
    assert attributes_of(llm)["llm.output_messages.0.message.content"] == "Hello"


@every_stream
def test_a_stream_of_a_team_that_is_left_early(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "team_early_break", mode)
    assert attributes_of(spans.run())["agno.stream.completed"] is False
    assert {span["status"] for span in spans.all} == {"OK"}


@every_mode
def test_a_stream_that_is_read_says_nothing_of_that(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "agent_tools_ok", mode)
    assert [span["name"] for span in spans.all if "agno.stream.completed" in attributes_of(span)] == []


# 4. Teams.


@every_mode
@pytest.mark.parametrize(
    ("scenario", "team_mode", "tool", "delegation"),
    [
        (
            "team_coordinate",
            "coordinate",
            "delegate_task_to_member",
            {"agno.delegation.member_id": "researcher"},
        ),
        ("team_route", "route", "delegate_task_to_member", {"agno.delegation.member_id": "researcher"}),
        (
            "team_broadcast",
            "broadcast",
            "delegate_task_to_members",
            {"agno.delegation.member_ids": ["researcher", "writer"]},
        ),
    ],
)
def test_a_team_says_how_it_works(
    instrumented: Played, scenario: str, team_mode: str, tool: str, delegation: dict[str, Any], mode: str
) -> None:
    spans = spans_of(instrumented, scenario, mode)
    assert attributes_of(spans.run())["agno.team.mode"] == team_mode
    told = attributes_of(spans.only(tool))
    assert told["agno.team.mode"] == team_mode
    assert {key: value for key, value in told.items() if key.startswith("agno.delegation.")} == delegation


@every_mode
@pytest.mark.parametrize("scenario", ["team_coordinate", "team_route", "team_broadcast", "workflow_of_team"])
def test_a_members_run_is_beneath_its_delegation(instrumented: Played, scenario: str, mode: str) -> None:
    spans = spans_of(instrumented, scenario, mode)
    members = [span for span in spans.runs() if span["name"].startswith(("Researcher.", "Writer."))]
    assert members
    for member in members:
        delegation = spans.parent(member)
        assert delegation is not None
        assert delegation["name"].startswith("delegate_task_to_member")
        assert delegation["start_ns"] <= member["start_ns"] <= member["end_ns"] <= delegation["end_ns"]


# 8. What a run says of itself.


@every_mode
@pytest.mark.parametrize("scenario", ["simple_agent", "team_coordinate", "workflow_full", "custom_model"])
def test_a_run_says_its_model(instrumented: Played, scenario: str, mode: str) -> None:
    spans = spans_of(instrumented, scenario, mode)
    of_model = ("parrot-1", "Jungle") if scenario == "custom_model" else ("gpt-4o-mini", "OpenAI")
    for run in spans.runs():
        told = attributes_of(run)
        assert (told["gen_ai.request.model"], told["gen_ai.provider.name"]) == of_model
        assert told["agno.run.status"] == "COMPLETED"


@every_mode
def test_a_temperature_is_told_once(instrumented: Played, mode: str) -> None:
    agnos = attributes_of(spans_of(instrumented, "simple_agent", mode).of_kind("LLM")[0])
    assert '"temperature": 0.2' in agnos["llm.invocation_parameters"]
    assert "gen_ai.request.temperature" not in agnos
    custom = attributes_of(spans_of(instrumented, "custom_model", mode).of_kind("LLM")[0])
    assert "llm.invocation_parameters" not in custom
    assert custom["gen_ai.request.temperature"] == 0.5


# 9. Custom models.


@every_mode
@pytest.mark.parametrize(
    ("scenario", "model", "answer"),
    [
        ("custom_model", "Parrot", "Said: say hello"),
        ("custom_model_without_names", "Mumbler", "Mumbled: say hello"),
    ],
)
def test_a_model_of_the_users(
    instrumented: Played, scenario: str, model: str, answer: str, mode: str
) -> None:
    spans = spans_of(instrumented, scenario, mode)
    # One, though its methods call each other.
    (llm,) = spans.of_kind("LLM")
    method = {
        "sync": "invoke",
        "stream": "invoke_stream",
        "async": "ainvoke",
        "async_stream": "ainvoke_stream",
    }[mode]
    assert llm["name"] == f"{model}.{method}"
    told = attributes_of(llm)
    assert told["llm.model_name"] == f"{model.lower()}-1"
    assert told["llm.input_messages.0.message.content"] == "say hello"
    assert told["llm.output_messages.0.message.content"] == answer


def test_a_model_built_on_one_of_agnos_has_one_span(instrumented: Played) -> None:
    (llm,) = spans_of(instrumented, "custom_model_of_agno", "sync").of_kind("LLM")
    assert attributes_of(llm)["llm.input_messages.0.message.content"] == "say hello"


# 10. Runs that pause.


@every_mode
def test_a_paused_run_and_what_goes_on_from_it(instrumented: Played, mode: str) -> None:
    first, second = spans_of(instrumented, "hitl_confirmation", mode).runs()
    assert attributes_of(first)["agno.run.status"] == "PAUSED"
    assert first["links"] == []
    assert attributes_of(second)["agno.run.status"] == "COMPLETED"
    assert second["links"] == [first["id"]]
    assert attributes_of(second)["agno.run.id"] == attributes_of(first)["agno.run.id"]
    assert attributes_of(second)["input.value"] == "delete the report"


@pytest.mark.parametrize("mode", CALLS)
def test_an_approved_run_links_to_the_one_that_asked(instrumented: Played, mode: str) -> None:
    first, second = spans_of(instrumented, "approval_flow", mode).runs()
    assert attributes_of(first)["agno.run.status"] == "PAUSED"
    assert second["links"] == [first["id"]]


# 11. Workflows.


@every_mode
def test_model_calls_are_beneath_their_agent(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "workflow_full", mode)
    assert len(spans.of_kind("LLM")) == 3
    for llm in spans.of_kind("LLM"):
        parent = spans.parent(llm)
        assert parent is not None
        assert attributes_of(parent)["openinference.span.kind"] == "AGENT"
    assert len({span["trace"] for span in spans.all}) == 1


@every_mode
def test_a_step_that_fails(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "workflow_step_error", mode)
    step = next(span for span in spans.all if span["name"].startswith("Fail."))
    assert step["status"] == "ERROR"


# Runs beside each other, and within an application.


def test_runs_at_once_do_not_mix(instrumented: Played) -> None:
    spans = spans_of(instrumented, "concurrent_async", "async")
    runs = spans.runs()
    assert sorted(attributes_of(run)["user.id"] for run in runs) == [f"Agent {at}" for at in range(5)]
    assert len({run["trace"] for run in runs}) == 5
    for run in runs:
        assert run["parent"] is None
        beneath = [span["name"] for span in spans.all if spans.parent(span) is run]
        assert beneath == ["OpenAIChat.ainvoke", "get_weather", "OpenAIChat.ainvoke"]


@every_mode
def test_a_run_within_an_application_is_a_part_of_it(instrumented: Played, mode: str) -> None:
    spans = spans_of(instrumented, "embedded_in_app_trace", mode)
    assert spans.above(spans.run()) == ["POST /chat"]
    assert len({span["trace"] for span in spans.all}) == 1


# What the program asks not to be recorded.


@every_mode
def test_suppressed_runs_have_no_spans(instrumented: Played, mode: str) -> None:
    assert instrumented[f"suppressed:{mode}"]["spans"] == []


def test_what_openinference_is_told_to_hide_is_hidden(environment: str, run_program: Any) -> None:
    played = run_program(
        environment,
        "agno_scenarios.py",
        "--export",
        "memory",
        "hook_fails",
        "hooks_guardrails:stream",
        "knowledge_context_agent:sync",
        "agent_early_break:stream",
        variables={"OPENINFERENCE_HIDE_INPUTS": "true", "OPENINFERENCE_HIDE_OUTPUTS": "true"},
    )
    # They are there, and only what they hold is hidden.
    assert {"hook_fails:sync", "hooks_guardrails:stream"} < played.keys()
    assert Spans(played["hooks_guardrails:stream"]).only("LengthGuardrail")
    (search,) = Spans(played["knowledge_context_agent:sync"]).of_kind("RETRIEVER")
    assert [document["id"] for document in documents(search)] == ["ice", "boiling"]
    shown = " ".join(Spans(one).text() for one in played.values())
    assert "__REDACTED__" in shown
    for hidden in ("say hello", "my address", "how cold is ice", "Ice melts", "Hello", "noted your address"):
        assert hidden not in shown


def assert_exception(span: Span, name: str, message: str) -> None:
    (event,) = [event for event in span["events"] if event["name"] == "exception"]
    told = event["attributes"]
    assert (told["exception.type"], told["exception.message"]) == (name, message)
    assert told["exception.stacktrace"].startswith("Traceback")
