"""Whole programs judged quickly: compiled code passes what is certain, line by line; the judge has the rest.

Every refusal is the judge's own. Verdicts are those of judging each line, times but for their last digits.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from math import inf, isnan, nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.motion.estimate import Estimator
from slicer_bridge.motion.estimated import Estimate
from slicer_bridge.motion.lexer import CONTINUED, Lines
from slicer_bridge.motion.limits import MotionLimits, Planner
from slicer_bridge.motion.marks import layer_tag_of
from slicer_bridge.motion.pieces import ends_of, pieces
from slicer_bridge.programs import quick_lines as quick
from slicer_bridge.programs.check import Account, ProgramChecker, Verdict
from slicer_bridge.programs.judge_printer import PrinterJudge
from slicer_bridge.programs.judge_router import RouterJudge
from slicer_bridge.programs.limits import Dialect, MachineLimits
from slicer_bridge.programs.text import without_end
from slicer_bridge.programs.travel import Travel
from slicer_bridge.programs.words import DEFAULT_WORDS

_MOST_ALONE = 256
"""Lines in a row that the judge has alone where hardly any is certain."""
_SETTINGS = ("G92", "M73", "M106", "M107", "M204", "G10", "G11")
Floats = NDArray[np.float64]


class QuickChecker:
    """Takes lines piece by piece; a checker's judge is up to date after each piece."""

    def __init__(self, checker: ProgramChecker, limits: MachineLimits) -> None:
        self.checker = checker
        self.account = Account()
        self._judge = checker.judge
        self._rules = _rules(checker, limits)
        self._state = np.zeros(quick.STATE)
        self._box = np.zeros(4)
        self._alone = 1

    def read(self, lines: Lines) -> None:
        """Judge some lines."""
        line = 0
        while line < lines.count:
            line = self._pass(lines, line)
            for _ in range(self._alone):
                if line < lines.count:
                    self._feed(lines, line)
                    line += 1

    def _pass(self, lines: Lines, line: int) -> int:
        """Past the lines that are certain."""
        free = self.checker.lines_before_block()
        stop = lines.count if free is None else min(lines.count, line + free)
        if stop == line or (isinstance(self._judge, PrinterJudge) and self._judge.block is not None):
            return line
        words = (lines.flags, lines.first, lines.letters, lines.numbers)
        if isinstance(self._judge, PrinterJudge):
            _load_printer(self._state, self._judge)
            after = quick.certain_of_printer(line, stop, *words, self._state, self._rules, self._box)
            _store_printer(self._state, self._judge)
        elif isinstance(self._judge, RouterJudge):
            _load_router(self._state, self._judge)
            after = quick.certain_of_router(line, stop, *words, self._state, self._rules, self._box)
            _store_router(self._state, self._judge)
        else:
            return line
        self.account.lines += after - line
        self.checker.skip(after - line)
        self._alone = 1 if after - line > self._alone else min(2 * self._alone, _MOST_ALONE)
        return after

    def _feed(self, lines: Lines, line: int) -> None:
        if lines.flags[line] & CONTINUED:  # the rest of a line too long to be judged; it was refused
            return
        text = without_end(lines.text(line).decode("latin-1"))
        self.account.note(text, self.checker.feed(text))

    def verdict(self) -> Verdict:
        """The program has ended."""
        return self.account.verdict(self.checker)


def check_quickly(path: Path, checker: ProgramChecker, limits: MachineLimits) -> Verdict:
    """Raises OSError if the file can't be read."""
    quickly = QuickChecker(checker, limits)
    for lines in pieces(path, router=limits.dialect is Dialect.GRBL):
        quickly.read(lines)
    return quickly.verdict()


def judge_and_estimate(
    path: Path, checker: ProgramChecker, limits: MachineLimits, motion: MotionLimits
) -> tuple[Verdict, Estimate]:
    """Both in one reading, one beside the other: compiled code needs no interpreter.

    Raises OSError if the file can't be read, ValueError where the limits don't go together.
    """
    router = limits.dialect is Dialect.GRBL
    if router is not (motion.planner is Planner.GRBL):
        raise ValueError(f"a {limits.dialect} program isn't planned by {motion.planner}")
    quickly = QuickChecker(checker, limits)
    estimator = Estimator(motion, layer_tag_of(ends_of(path)[0]))
    with ThreadPoolExecutor(max_workers=1) as beside:
        planned: Future[None] | None = None
        for lines in pieces(path, router=router, kept=2):
            if planned is not None:
                planned.result()
            planned = beside.submit(estimator.read, lines)
            quickly.read(lines)
    if planned is not None:
        planned.result()
    return quickly.verdict(), estimator.finish()


def _rules(checker: ProgramChecker, limits: MachineLimits) -> Floats:
    rules = np.zeros(quick.RULES)
    travel = checker.judge.travel
    rules[quick.MAX_FEED] = limits.max_feed_mm_s
    rules[quick.MAX_Z] = limits.max_feed_z_mm_s or limits.max_feed_mm_s
    rules[quick.FLOOR : quick.FLOOR + 3], rules[quick.CEILING : quick.CEILING + 3] = travel.low, travel.high
    rules[quick.OFFSET : quick.OFFSET + 3], rules[quick.FIXED] = travel.offset, travel.fixed
    known = DEFAULT_WORDS[limits.dialect]
    for number, word in enumerate(("G0", "G1", "G2", "G3")):
        rules[quick.WORDS + number] = word in limits.words and word in known
    if isinstance(checker.judge, PrinterJudge):
        rules[quick.WORDS + 4] = "R" in known["G2"] and "R" in known["G3"]
        for number, word in enumerate(_SETTINGS, 5):
            rules[quick.WORDS + number] = word in limits.words and word in known
        filament = checker.judge.filament
        rules[quick.MAX_E], rules[quick.FLOW] = filament.max_feed_mm_s, filament.max_flow_mm3_s
        rules[quick.BURST], rules[quick.AREA] = filament.burst_mm3, filament.area_mm2
        rules[quick.ACCELERATION] = limits.max_acceleration_mm_s2 or inf
        rules[quick.ACCELERATION_E] = limits.max_acceleration_e_mm_s2 or inf
        rules[quick.TOOLS] = limits.tools
    return rules


def _load(state: Floats, at: list[float | None], travel: Travel) -> None:
    state[quick.X], state[quick.Y], state[quick.Z] = (nan if one is None else one for one in at)
    state[quick.SECONDS] = travel.seconds
    state[quick.LOW : quick.LOW + 3], state[quick.HIGH : quick.HIGH + 3] = travel.reached_low, travel.reached_high


def _store(state: Floats, travel: Travel) -> list[float | None]:
    travel.seconds = float(state[quick.SECONDS])
    travel.reached_low = state[quick.LOW : quick.LOW + 3].tolist()
    travel.reached_high = state[quick.HIGH : quick.HIGH + 3].tolist()
    return [None if isnan(one) else one for one in state[:3].tolist()]


def _load_printer(state: Floats, judge: PrinterJudge) -> None:
    filament = judge.filament
    _load(state, judge.at, judge.travel)
    state[quick.FEED], state[quick.RELATIVE] = judge.feed_mm_s, judge.relative
    state[quick.WARM] = judge.heat.warm
    state[quick.E], state[quick.LOST] = filament.e_mm, filament.lost
    state[quick.RELATIVE_E], state[quick.OLD_E] = filament.relative, filament.relative_in_old_marlin
    state[quick.FACTOR], state[quick.PULLED] = filament.factor, filament.pulled_mm
    state[quick.AHEAD], state[quick.FED] = filament.ahead_mm3, filament.fed_mm


def _store_printer(state: Floats, judge: PrinterJudge) -> None:
    filament = judge.filament
    judge.at = _store(state, judge.travel)
    judge.feed_mm_s = float(state[quick.FEED])
    filament.e_mm, filament.lost = float(state[quick.E]), bool(state[quick.LOST])
    filament.pulled_mm, filament.ahead_mm3 = float(state[quick.PULLED]), float(state[quick.AHEAD])
    filament.fed_mm = float(state[quick.FED])


def _load_router(state: Floats, judge: RouterJudge) -> None:
    _load(state, judge.at, judge.travel)
    state[quick.FEED], state[quick.ENDED] = judge.feed_mm_s, judge.ended
    state[quick.RELATIVE] = nan if judge.relative is None else judge.relative
    state[quick.SCALE] = nan if judge.scale is None else judge.scale
    state[quick.MOTION] = float(judge.motion[1:]) if judge.motion is not None else -1.0


def _store_router(state: Floats, judge: RouterJudge) -> None:
    judge.at = _store(state, judge.travel)
    judge.feed_mm_s = float(state[quick.FEED])
    motion = int(state[quick.MOTION])
    judge.motion = f"G{motion}" if motion >= 0 else None
