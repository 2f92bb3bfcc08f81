"""What a printer asks of people, by its own words; and which answer `resume` gives."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.marlin.answers import Action, Busy, read_line
from drivers.marlin.waits import GO_ON, Prompt, Reply, Waits
from tests.drivers.transcripts import transcript

BUSY = Busy("paused for user")


def told(*lines: str) -> Waits:
    waits = Waits()
    for line in lines:
        (answer,) = read_line(line)
        if isinstance(answer, Busy):
            waits.heard_busy(answer, "M600")
        elif isinstance(answer, Action):
            waits.heard(answer)
    return waits


def prompt(text: str, *buttons: str) -> list[str]:
    return [
        "//action:prompt_end",
        f"//action:prompt_begin {text}",
        *(f"//action:prompt_button {button}" for button in buttons),
        "//action:prompt_show",
    ]


@pytest.mark.parametrize(
    ("buttons", "choice"),
    [
        (("Continue",), 0),
        (("PurgeMore", "Continue"), 1),
        (("Resume", "Cancel"), 0),
        (("PurgeMore", "DisableRunout"), 1),
        (("Reheat",), 0),
        (("PurgeMore",), None),
        (("Abort", "Heat again"), None),
        (("Dismiss", "Continue"), 1),
    ],
)
def test_the_button_that_goes_on_is_pressed_and_no_other(buttons: tuple[str, ...], choice: int | None) -> None:
    asked = Prompt("?", buttons, shown=True)
    assert asked.asks
    assert asked.choice() == choice


@given(st.lists(st.sampled_from(["PurgeMore", "Purge", "Abort", "Cancel", "Dismiss", "Unload", "Continue", "Resume"])))
def test_whatever_the_buttons_none_but_one_that_goes_on_is_chosen_of_many(labels: list[str]) -> None:
    choice = Prompt("?", tuple(labels), shown=True).choice()
    if choice is not None and sum(label != "Dismiss" for label in labels) > 1:
        assert labels[choice].lower() in GO_ON
    assert choice is None or not labels[choice].startswith("Purge")


def test_what_is_only_to_be_read_asks_nothing() -> None:
    waits = told(*prompt("Resuming", "Dismiss"), *prompt("FilamentRunout T0"), "//action:notification E1 fan fault")
    assert (waits.reason, waits.question, waits.message) == (None, "", "E1 fan fault")


def test_a_prompt_asks_once_it_is_shown_whole() -> None:
    waits = told("//action:prompt_begin Nozzle Parked", "//action:prompt_choice Continue")
    assert waits.reason is None
    waits.heard(Action("prompt_show"))
    assert waits.question == "Nozzle Parked [Continue]"
    waits.heard(Action("prompt_end"))
    assert waits.reason is None


def test_a_pause_holds_with_its_reason_until_the_machine_goes_on() -> None:
    waits = told("//action:paused filament_runout 0", "//action:paused")
    assert waits.reason == "the machine pauses: filament_runout 0"
    assert told("//action:paused", "//action:resumed").reason is None
    assert told("//action:pause").reason == "the machine pauses"
    assert told("//action:filament_runout T0").reason == "the machine pauses: filament_runout T0"
    assert told("//action:out_of_filament").reason == "the machine pauses: out_of_filament"


def test_busy_tells_that_a_command_waits_and_that_it_works_on() -> None:
    waits, reasons = Waits(), list[str | None]()
    for doing, command in [("paused for user", "M600"), ("processing", "M600"), ("paused for input", "")]:
        waits.heard_busy(Busy(doing), command)
        reasons.append(waits.reason)
    waits.acknowledged()
    assert [*reasons, waits.reason] == ["M600 waits for a person", None, "waits for a person", None]


def test_m108_goes_on_where_nothing_is_shown_and_m876_where_something_is() -> None:
    assert told("echo:busy: paused for user").answer(emergency_parser=True) == Reply("M108")
    asked = ["echo:busy: paused for user", *prompt("Paused", "PurgeMore", "Continue")]
    assert told(*asked).answer(emergency_parser=True) == Reply("M876 S1")
    assert told(*asked).answer(emergency_parser=False) == Reply("M108")
    assert told(*prompt("UI Pause", "Resume")).answer(emergency_parser=False) == Reply("M876 S0")


def test_a_mere_pause_ends_with_nothing_sent() -> None:
    waits = told("//action:pause")
    assert waits.answer(emergency_parser=True) == Reply()
    assert waits.reason is None


def test_the_sensor_that_a_button_switches_off_is_switched_on_again() -> None:
    waits = told("//action:paused", *prompt("Paused", "PurgeMore", "DisableRunout"))
    assert waits.answer(emergency_parser=True) == Reply("M876 S1", "M412 S1")


def test_what_is_not_ours_to_choose_is_left_to_the_machine() -> None:
    waits = told("echo:busy: paused for user", *prompt("Paused", "PurgeMore", "Abort"))
    assert waits.answer(emergency_parser=True) == Reply()
    assert waits.reason == "M600 waits for a person: Paused [PurgeMore, Abort]"


def test_one_question_is_answered_once() -> None:
    waits = told("echo:busy: paused for user", *prompt("Nozzle Parked", "Continue"))
    assert waits.answer(emergency_parser=True) == Reply("M876 S0")
    assert waits.answer(emergency_parser=True) == Reply()


@pytest.mark.parametrize("name", ["marlin_prompt", "marlin_m600", "marlin_runout"])
def test_each_question_of_a_transcript_gets_its_answer(name: str) -> None:
    """The transcript's hosts press the last button of each prompt; but once, for more filament, the first."""
    waits, answers = Waits(), list[str]()
    for step in transcript(name):
        if step.side == "<":
            for line in step.data.decode().splitlines():
                for answer in read_line(line):
                    if isinstance(answer, Busy):
                        waits.heard_busy(answer, "")
                    elif isinstance(answer, Action):
                        waits.heard(answer)
        elif step.side == ">" and (pressed := re.search(rb"M876 S\d", step.data)) and waits.question:
            purges = "PurgeMore" in waits.question and pressed.group() == b"M876 S0"
            reply = waits.answer(emergency_parser=True)
            assert reply.at_once == "M876 S1" if purges else reply.at_once.encode() == pressed.group()
            answers.append(reply.at_once)
    assert answers
    assert waits.reason is None
