"""Agno changes, others instrument it too, and we have bugs: none of it reaches the program.

The checks themselves are in `agno_guards.py`, since they spoil the process they run in.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def check(environment: str, run_program: Any) -> Any:
    return lambda name: run_program(environment, "agno_guards.py", name)


HOOKS = [
    "LengthGuardrail",
    "post_hook sign_off",
    "pre_hook Redactor",
    "pre_hook hide_address",
    "pre_hook look_at_input",
]


def test_uninstrument_puts_everything_back(check: Any) -> None:
    told = check("uninstrument")
    assert told["warnings"] == []
    for round_ in told["rounds"]:
        assert round_["not_put_back"] == []
        # What is looked for only when it is used.
        assert {name.split(".")[0] for name in round_["not_replaced"]} == {"LanceDb", "Parrot"}
        assert round_["same"] is True
        assert {"Parrot.invoke", "search_knowledge", "LengthGuardrail"} <= set(round_["spans"])
        assert round_["spans_after"] == []


def test_instrumenting_twice_is_instrumenting_once(check: Any) -> None:
    told = check("twice")
    assert sorted(told["spans"]) == sorted([*HOOKS, "Careful_Agent.run", "OpenAIChat.invoke"])
    assert told["elsewhere"] == []
    assert told["warnings"] == []


def test_a_wrapper_over_ours_stays(check: Any) -> None:
    told = check("wrapped_over")
    assert set(HOOKS) < set(told["with_us"])
    assert told["without_us"] == []
    assert told["theirs"] == 2
    assert told["inner_is_original"] is True


def test_somebody_elses_instrumentation_goes_on(check: Any) -> None:
    told = check("instrumented_by_somebody_else")
    # Of the calls that Agno's instrumentor does not see, too, since ours is around its wrapper.
    assert told["theirs"] == ["Careful_Agent.run", "OpenAIChat.invoke", "Parrot.invoke", "Parrot_Agent.run"]
    assert told["ours"] == sorted(HOOKS)
    assert len(told["warnings"]) == 1
    assert "another tracer provider" in told["warnings"][0]
    assert told["theirs_after"] == ["Careful_Agent.run", "OpenAIChat.invoke"]
    assert told["ours_after"] == []


def test_the_same_provider_is_nobody_else(check: Any) -> None:
    told = check("instrumented_by_the_same")
    assert told["ours"] == sorted([*HOOKS, "Careful_Agent.run", "OpenAIChat.invoke"])
    assert told["warnings"] == []


def test_nothing_is_told_of_what_is_sampled_out(check: Any) -> None:
    assert check("sampled_out") == {"same": True, "warnings": []}


def test_a_patch_that_finds_agno_changed_switches_itself_off(check: Any) -> None:
    told = check("agno_changed")
    assert len(told) == 5 * len({one["patch"] for one in told})
    for one in told:
        (warning,) = one["warnings"]
        assert warning.startswith(f"tracestead: without {one['patch']}: "), one
        assert one["touched"] == [], one
        if "generators" in one["patch"] and one["change"] == "missing":
            # Without our patch the instrumentor swallows what a generator raises.
            assert one["different"] == ["generator_tool_exception:sync"]
        else:
            assert one["different"] == [], one


def test_a_function_of_agnos_that_changed_is_left_alone(check: Any) -> None:
    told = check("agno_changed_for_real")
    assert told["same"] is True
    assert told["untouched"] is True
    (warning,) = told["warnings"]
    assert "agno.agent._hooks.execute_pre_hooks takes no session" in warning
    # The hooks of teams are another patch.
    assert set(HOOKS) < set(told["spans"])


def test_our_own_errors_do_not_reach_the_program(check: Any) -> None:
    for one in check("we_are_broken"):
        assert one["raised"] > 0, f"{one['function']} was not called: the test tests nothing"
        assert one["different"] == [], one
        # Told once for each thing that is missed, however often it failed.
        assert 1 <= len(one["warnings"]) == len(set(one["warnings"])) <= 3, one
        assert all("is broken" in warning for warning in one["warnings"]), one


def test_errors_of_the_program_are_its_own(check: Any) -> None:
    assert check("errors_of_the_program") == {
        "hook": ["SystemExit('from a hook')", "fails_in_a_hook"],
        "retriever": ["LookupError('from a retriever')", "look_up"],
    }
