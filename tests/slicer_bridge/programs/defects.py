"""Judges with one fault each: what a fuzz is worth shows in which of them it finds out."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from slicer_bridge.programs import arcs, judge_printer, judge_router, printer_code, router_code
from slicer_bridge.programs.arcs import Arc
from slicer_bridge.programs.filament import Filament
from slicer_bridge.programs.heat import Heat
from slicer_bridge.programs.judge_printer import PrinterJudge
from slicer_bridge.programs.judge_router import RouterJudge
from slicer_bridge.programs.printer_code import Values
from slicer_bridge.programs.spindle import Spindle
from slicer_bridge.programs.travel import Travel
from slicer_bridge.programs.words import ALWAYS_REFUSED, DEFAULT_WORDS

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Defect:
    name: str
    plant: Callable[[Patch], None]


def _nothing(*_: object, **__: object) -> None:
    return None


def _no_envelope(patch: Patch) -> None:
    patch.setattr(Travel, "visit", _nothing)


def _envelope_without_low_end(patch: Patch) -> None:
    right = Travel.visit

    def visit(self: Travel, axis: int, value: float) -> None:
        if value + self.offset[axis] >= self.low[axis]:
            right(self, axis, value)

    patch.setattr(Travel, "visit", visit)


def _arcs_by_their_ends(patch: Patch) -> None:
    right = arcs.sweep

    def sweep(start: arcs.Point, end: arcs.Point, centre: arcs.Point, clockwise: bool) -> Arc | None:
        arc = right(start, end, centre, clockwise)
        low, high = (min(start[0], end[0]), min(start[1], end[1])), (max(start[0], end[0]), max(start[1], end[1]))
        return arc and Arc(low, high, arc.length)

    patch.setattr(arcs, "sweep", sweep)


def _arcs_the_other_way(patch: Patch) -> None:
    right = arcs.sweep

    def sweep(start: arcs.Point, end: arcs.Point, centre: arcs.Point, clockwise: bool) -> Arc | None:
        return right(start, end, centre, not clockwise)

    patch.setattr(arcs, "sweep", sweep)


def _hot_without_waiting(patch: Patch) -> None:
    right = Heat.set_hotend

    def set_hotend(self: Heat, target: float, tool: int | None, *, waits: bool) -> None:
        right(self, target, tool, waits=True)

    patch.setattr(Heat, "set_hotend", set_hotend)


def _any_temperature(patch: Patch) -> None:
    def set_bed(self: Heat, target: float) -> None:
        self.bed_c = target

    patch.setattr(Heat, "set_bed", set_bed)


def _one_hotend_for_all_tools(patch: Patch) -> None:
    def choose(self: Heat, tool: int) -> None:
        self.tool = tool

    patch.setattr(Heat, "choose", choose)


def _bed_left_on(patch: Patch) -> None:
    right = Heat.left_on
    patch.setattr(Heat, "left_on", lambda self: [one for one in right(self) if "bed" not in one])


def _one_axis_homes_all(patch: Patch) -> None:
    right = PrinterJudge._home
    patch.setattr(PrinterJudge, "_home", lambda self, _: right(self, {}))


def _released_and_still_homed(patch: Patch) -> None:
    patch.setattr(PrinterJudge, "_release", _nothing)


def _steps_taken_for_places(patch: Patch) -> None:
    def set_modes(self: PrinterJudge, word: str) -> None:
        if word in {"M82", "M83"}:
            self.filament.set_mode(relative=word == "M83")

    patch.setattr(PrinterJudge, "_set_modes", set_modes)


def _e_mode_of_one_release(patch: Patch) -> None:
    def set_modes(self: PrinterJudge, word: str) -> None:
        if word in {"G90", "G91"}:
            self.relative = word == "G91"
        else:
            self.filament.set_mode(relative=word == "M83")

    patch.setattr(PrinterJudge, "_set_modes", set_modes)


def _last_of_two_letters(patch: Patch) -> None:
    def values_of(word: str, rest: str, letters: str) -> Values:
        found = re.findall(r"([A-Z]) *(-?\d+\.?\d*)?", rest)
        return {letter: float(number) if number else None for letter, number in found if letter in letters}

    patch.setattr(judge_printer, "values_of", values_of)


def _any_flow(patch: Patch) -> None:
    def push(self: Filament, amount: float, distance: float, seconds: float) -> None:
        self.e_mm += amount

    patch.setattr(Filament, "push", push)


def _factor_of_flow_forgotten(patch: Patch) -> None:
    patch.setattr(Filament, "factor", property(lambda _: 1.0, _nothing), raising=False)


def _any_text(patch: Patch) -> None:
    patch.setattr(judge_printer, "check_text", _nothing)


def _words_of_the_list_and_more(patch: Patch) -> None:
    for dialect, words in ALWAYS_REFUSED.items():
        patch.setitem(ALWAYS_REFUSED, dialect, {})
        patch.setitem(DEFAULT_WORDS, dialect, DEFAULT_WORDS[dialect] | dict.fromkeys(words, "SPXYZ"))


def _any_setting(patch: Patch) -> None:
    patch.setattr(judge_printer, "check_setting", _nothing)


def _any_value_of_klippers(patch: Patch) -> None:
    patch.setattr(judge_printer, "check_extended", _nothing)


def _labels_that_leave_out(patch: Patch) -> None:
    patch.setattr(judge_printer, "check_label", _nothing)


def _any_length(patch: Patch) -> None:
    patch.setattr(judge_printer, "MAX_LINE", 900)
    patch.setattr(printer_code, "MAX_LINE", 900)


def _inches_taken_for_millimetres(patch: Patch) -> None:
    patch.setattr(judge_router, "_INCH_MM", 1.0)


def _units_of_the_last_program(patch: Patch) -> None:
    patch.setattr(RouterJudge, "_known_scale", lambda self: self.scale or 1.0)


def _commands_in_comments(patch: Patch) -> None:
    patch.setattr(router_code, "_REALTIME", frozenset())


def _comments_of_one_kind(patch: Patch) -> None:
    patch.setattr(judge_router, "code_of", lambda line: re.sub(r"\(.*?\)", "", line.partition(";")[0]).strip().upper())


def _any_spindle(patch: Patch) -> None:
    patch.setattr(Spindle, "_check_speed", _nothing)


def _spindle_left_on(patch: Patch) -> None:
    patch.setattr(Spindle, "left_on", lambda _: [])


def _machine_moves_anywhere(patch: Patch) -> None:
    patch.setattr(RouterJudge, "_check_machine", _nothing)


def _useless_words(patch: Patch) -> None:
    patch.setattr(judge_router, "check_use", _nothing)


PRINTERS = (
    Defect("no envelope", _no_envelope),
    Defect("half an envelope", _envelope_without_low_end),
    Defect("arcs by their ends", _arcs_by_their_ends),
    Defect("arcs the other way", _arcs_the_other_way),
    Defect("hot without waiting", _hot_without_waiting),
    Defect("any temperature of beds", _any_temperature),
    Defect("one hotend for all tools", _one_hotend_for_all_tools),
    Defect("bed left on", _bed_left_on),
    Defect("one axis homes all", _one_axis_homes_all),
    Defect("released and still homed", _released_and_still_homed),
    Defect("steps taken for places", _steps_taken_for_places),
    Defect("E's mode by one release", _e_mode_of_one_release),
    Defect("the last of two letters", _last_of_two_letters),
    Defect("any flow", _any_flow),
    Defect("factor of flow forgotten", _factor_of_flow_forgotten),
    Defect("any text", _any_text),
    Defect("more words", _words_of_the_list_and_more),
    Defect("any setting", _any_setting),
    Defect("any value of Klipper's", _any_value_of_klippers),
    Defect("labels that leave out", _labels_that_leave_out),
    Defect("any length", _any_length),
)
ROUTERS = (
    Defect("no envelope", _no_envelope),
    Defect("arcs by their ends", _arcs_by_their_ends),
    Defect("arcs the other way", _arcs_the_other_way),
    Defect("more words", _words_of_the_list_and_more),
    Defect("inches taken for millimetres", _inches_taken_for_millimetres),
    Defect("units of the last program", _units_of_the_last_program),
    Defect("commands in comments", _commands_in_comments),
    Defect("comments of one kind", _comments_of_one_kind),
    Defect("any spindle", _any_spindle),
    Defect("spindle left on", _spindle_left_on),
    Defect("machine moves anywhere", _machine_moves_anywhere),
    Defect("useless words", _useless_words),
)
