"""What must hold of the checker for any lines, however they are made."""

import re
from math import cos, hypot, pi, sin

from hypothesis import given, settings
from hypothesis import strategies as st

from slicer_bridge.programs.arcs import centre_of, sweep
from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import Dialect
from slicer_bridge.programs.words import ALWAYS_REFUSED, DEFAULT_WORDS
from tests.slicer_bridge.programs.bouts import Bout
from tests.slicer_bridge.programs.mutations import WORDS, grammatical, mutated
from tests.slicer_bridge.programs.specimens import by_hand
from tests.slicer_bridge.programs.test_check_printer import LIMITS as PRINTER
from tests.slicer_bridge.programs.test_check_printer import READY as PRINTER_READY
from tests.slicer_bridge.programs.test_check_router import LIMITS as ROUTER
from tests.slicer_bridge.programs.test_check_router import OFFSET
from tests.slicer_bridge.programs.test_check_router import READY as ROUTER_READY

few = settings(deadline=None, max_examples=200)
numbers = st.floats(-400, 400).map(lambda value: f"{value:.3f}")
letters = st.sampled_from("XYZEFIJRSPTK")
words = st.builds("{}{}".format, letters, numbers)
commands = st.sampled_from(
    [*DEFAULT_WORDS[Dialect.MARLIN], *ALWAYS_REFUSED[Dialect.MARLIN], *DEFAULT_WORDS[Dialect.GRBL]]
)
lines = st.builds(lambda command, rest: " ".join([command, *rest]), commands, st.lists(words, max_size=4))
anything = st.one_of(lines, st.text(max_size=30))


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_no_program_passes_that_a_firmware_takes_for_forbidden(data: st.DataObject) -> None:
    specimen = data.draw(st.sampled_from(by_hand()))
    dialect = specimen.limits.dialect
    forms = st.randoms(use_true_random=False).map(lambda random: grammatical(random, dialect))
    own = st.sampled_from((*specimen.lines, *WORDS[dialect]))
    wrong = st.tuples(st.randoms(use_true_random=False), own).map(lambda pair: mutated(*pair, dialect))
    bout = Bout(specimen.limits, OFFSET)
    for line in specimen.lines[: data.draw(st.integers(0, 20))]:
        bout.feed(line)
    for line in data.draw(st.lists(st.one_of(forms, own, wrong, anything), max_size=12)):
        if bout.feed(line.encode("latin-1", "replace").decode("latin-1")) is not None:
            return
    bout.finish()


@few
@given(st.lists(anything, max_size=20))
def test_any_text_gets_a_verdict(program: list[str]) -> None:
    for checker in (ProgramChecker(PRINTER), ProgramChecker(ROUTER, OFFSET), ProgramChecker(ROUTER)):
        for line in program:
            assert checker.feed(line) != ""
        checker.finish()


@few
@given(st.lists(lines, max_size=30))
def test_whatever_passes_stays_inside(program: list[str]) -> None:
    checker = ProgramChecker(PRINTER)
    for line in (*PRINTER_READY, *program):
        checker.feed(line)
    bounds = checker.bounds
    assert bounds is not None
    assert all(low >= -1e-3 for low in bounds.low)
    assert all(high <= limit + 1e-3 for high, limit in zip(bounds.high, (200, 200, 180), strict=True))
    assert checker.end.hotend_c <= PRINTER.max_hotend_c
    assert checker.end.bed_c <= PRINTER.max_bed_c


@few
@given(anything)
def test_no_forbidden_word_passes_in_any_company(line: str) -> None:
    checker = ProgramChecker(PRINTER)
    for ready in PRINTER_READY:
        checker.feed(ready)
    code = line.partition(";")[0]
    forbidden = "|".join(re.escape(word) for word in ALWAYS_REFUSED[Dialect.MARLIN])
    if re.match(rf"\s*(?:{forbidden})(?![\d.])", code, re.IGNORECASE):
        assert checker.feed(line) is not None


@few
@given(st.text("GMXYZFSIJR0123456789.- $!~?\x84;()", max_size=25))
def test_no_command_byte_reaches_grbl(line: str) -> None:
    checker = ProgramChecker(ROUTER, OFFSET)
    for ready in ROUTER_READY:
        checker.feed(ready)
    if checker.feed(line) is None:
        assert not set(line) & set("~!?\x84\x18")
        assert not line.partition(";")[0].strip().startswith("$")


@few
@given(st.floats(1, 50), st.floats(0, 2 * pi), st.floats(0.01, 2 * pi - 0.01), st.booleans())
def test_arcs_cover_every_point_they_pass(radius: float, begin: float, turn: float, clockwise: bool) -> None:
    def at(angle: float) -> tuple[float, float]:
        return (radius * cos(angle), radius * sin(angle))

    sign = -1 if clockwise else 1
    arc = sweep(at(begin), at(begin + sign * turn), (0.0, 0.0), clockwise)
    assert arc is not None
    assert abs(arc.length - radius * turn) < 1e-6 * radius
    for share in range(21):
        x, y = at(begin + sign * turn * share / 20)
        assert arc.low[0] - 1e-6 <= x <= arc.high[0] + 1e-6
        assert arc.low[1] - 1e-6 <= y <= arc.high[1] + 1e-6


@few
@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(1, 3), st.booleans(), st.booleans())
def test_arcs_by_radius_turn_the_way_they_say(x: float, y: float, factor: float, clockwise: bool, longer: bool) -> None:
    if hypot(x, y) < 0.1:
        return
    radius = factor * hypot(x, y) / 2 * (-1 if longer else 1)
    centre = centre_of((0.0, 0.0), (x, y), radius, clockwise)
    assert centre is not None
    arc = sweep((0.0, 0.0), (x, y), centre, clockwise)
    assert arc is not None
    half = pi * abs(radius)
    assert arc.length >= half - 1e-3 if longer else arc.length <= half + 1e-3
