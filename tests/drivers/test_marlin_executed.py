"""Progress by executed lines: never ahead of the machine, never falling, all of it at the end."""

from collections.abc import Collection
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import EndedBy, Status, Watch
from drivers.marlin.executed import SURE_MM, WALK_LINES, executed
from tests.drivers.marlin_model import BadCable, MarlinModel
from tests.drivers.peers import Seen, allow
from tests.drivers.virtual import driving


def zigzag(count: int) -> list[str]:
    return [f"G1 X{10 + 5 * (n % 2)} Y{1 + n}" for n in range(count)]


def test_nothing_pending_means_that_all_is_done() -> None:
    assert executed(zigzag(5), 5, 0, ()) == 5


def test_as_many_moves_as_blocks_are_still_to_come() -> None:
    assert executed(zigzag(20), 20, 3, ()) == 17


@pytest.mark.parametrize(
    "line",
    ["; a comment", "", "G1 F1800", "M106 S255", "M204 P1000", "G1 X15.05 Y20.1", "G4 P10", "G1 E-0.8 F2100", "M73 P5"],
)
def test_lines_that_may_give_no_block_are_not_counted(line: str) -> None:
    """15.05 20.1 is where the line before ends, but for less than a firmware makes a block of."""
    assert executed([*zigzag(20), line, line], 22, 3, ()) == 17


@pytest.mark.parametrize("line", ["G28", "G92 X0 Y0", "G90", "G91", "T1", "M600", "G53", "M206 X1"])
def test_what_moves_the_tool_or_the_zero_makes_coordinates_incomparable(line: str) -> None:
    program = [*zigzag(20), line, "G1 X50 Y90", "G1 X60 Y90"]
    assert executed(program, 23, 1, ()) == 22
    assert executed(program, 23, 2, ()) == 19


def test_moves_of_an_object_left_out_give_no_blocks() -> None:
    program = ["M486 S1", *zigzag(10), "M486 S2", *zigzag(10)]
    assert executed(program, 22, 12, ()) == 9
    assert executed(program, 22, 3, (2,)) == 8
    assert executed(program, 22, 3, (1,)) == 19
    assert executed(program, 22, 9, (1,)) == 13
    assert executed(program, 22, 10, (1,)) is None


def test_where_all_is_tiny_nobody_can_tell() -> None:
    assert executed([f"G1 X{10 + n * 0.1:.1f}" for n in range(2 * WALK_LINES)], 2 * WALK_LINES, 1, ()) is None


def blocks_of(lines: list[str], left_out: Collection[int], least_mm: float) -> list[int]:
    """What a firmware makes of each line, that drops what is shorter than `least_mm`; absolute and relative."""
    place, relative, skipping, made = {"X": 0.0, "Y": 0.0}, False, False, []
    for line in lines:
        words = line.split()
        count = 0
        if words[0] in ("G90", "G91"):
            relative = words[0] == "G91"
        elif words[0] == "G92":
            place |= {word[0]: float(word[1:]) for word in words[1:]}
        elif words[0] == "M486":
            skipping = int(words[1][1:]) in left_out
        elif words[0] in ("G1", "G2") and not skipping:
            goal = {word[0]: float(word[1:]) for word in words[1:] if word[0] in "XY"}
            goal = {axis: value + place[axis] if relative else value for axis, value in goal.items()}
            if any(abs(value - place[axis]) >= least_mm for axis, value in goal.items()):
                count = 7 if words[0] == "G2" else 1
                place |= goal
        made.append(count)
    return made


COORDINATES = st.sampled_from([0.0, 0.1, 0.19, 0.2, 0.3, 1.0, 5.0, 5.1, 50.0])
LINES = st.one_of(
    st.builds(lambda x, y: f"G1 X{x} Y{y}", COORDINATES, COORDINATES),
    st.builds(lambda x: f"G1 X{x}", COORDINATES),
    st.builds(lambda x: f"G2 X{x} I1 J0", COORDINATES),
    st.sampled_from(["G90", "G91", "G1 F600", "M106 S1", "M486 S0", "M486 S1", "M486 S-1", "G92 X5", "G92 X0 Y0"]),
)


@given(st.lists(LINES, min_size=1, max_size=60), st.data())
@settings(deadline=None, max_examples=400)
def test_it_never_runs_ahead_of_the_machine(lines: list[str], data: st.DataObject) -> None:
    left_out = data.draw(st.sampled_from([(), (0,), (1,), (0, 1)]))
    least_mm = data.draw(st.sampled_from([0.01, 0.075, SURE_MM]))
    made = blocks_of(lines, left_out, least_mm)
    done = data.draw(st.integers(1, len(lines)))
    pending = data.draw(st.integers(0, min(15, sum(made[:done]))))
    told = executed(lines, done, pending, left_out)
    assert told is None or told <= done
    assert told is None or sum(made[told:done]) >= pending


@pytest.mark.parametrize("share", [0.0, 0.002])
def test_a_run_tells_what_is_executed_and_no_more(share: float) -> None:
    program = []
    for n in range(150):
        program += [f"G1 X{20 + 5 * (n % 2)} Y{1 + n}", "G1 F1200", "; still", f"G1 X{20 + 5 * (n % 2) + 0.05:.2f}"]
    blocks = {line: 3 for line in program if line.endswith("Y50")} | {line: 0 for line in program if ".05" in line}
    model, told = MarlinModel(advanced_ok=True, block_s=0.04, blocks=blocks), list[Status]()
    seen = Seen()

    def look(status: Status) -> None:
        told.append(status)
        moved = [line for line in program[: status.lines_done] if line.startswith("G1")]
        assert len(moved) <= len(model.executed)

    watch = seen.watch()
    with driving(model, BadCable(Random(1), share) if share else None) as driver:
        report = driver.run(program, allow, Watch(watch.started, look, watch.held, watch.resumed))
    done = [status.lines_done for status in told]
    assert (report.ended_by, report.lines_done) == (EndedBy.FINISHED, len(program))
    assert done == sorted(done)
    assert done[-1] == len(program)
    assert 50 < done[len(done) // 2] < len(program)
    assert seen.started
