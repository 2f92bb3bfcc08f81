"""Only programs within a machine's limits may reach it: the whole file is judged beforehand, each line as it goes."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from slicer_bridge.programs.blocks import BlockSpan, in_order
from slicer_bridge.programs.judge_printer import PrinterJudge
from slicer_bridge.programs.judge_router import Offset, RouterJudge
from slicer_bridge.programs.limits import Dialect, MachineLimits
from slicer_bridge.programs.text import LONGEST_LINE, without_end
from slicer_bridge.programs.travel import Bounds, Refused, Travel

_LONG = 1_000_000
"""Bytes from which on it pays to load compiled code (`quick`): a second's work for the judges."""
MAX_FINDINGS = 100
"""A verdict names this many lines; a program of another dialect would fill the disk with them."""


@dataclass(frozen=True, slots=True)
class LineFinding:
    """`line` counts from 1; 0 stands for the program as a whole."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class EndState:
    """`hotend_c`: of the hottest tool. `spindle_on`: or laser."""

    hotend_c: float = 0.0
    bed_c: float = 0.0
    chamber_c: float = 0.0
    spindle_on: bool = False
    coolant_on: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`refused` counts every refused line; `findings` names the first 100 and what is wrong at the end."""

    ok: bool
    lines: int
    refused: int
    findings: tuple[LineFinding, ...]
    bounds: Bounds | None
    """Machine coordinates, mm; for a router whose work offset is unknown: work coordinates."""
    moves_s: float
    """Distances by feeds, without acceleration: no program is faster."""
    end: EndState


class Judge(Protocol):
    @property
    def travel(self) -> Travel: ...

    def feed(self, line: str) -> str | None: ...

    def enter(self, block: BlockSpan) -> None: ...

    def leave(self, block: BlockSpan) -> None: ...

    def finish(self) -> list[str]: ...


class ProgramChecker:
    """Judges a program line by line: `feed` returns None to let a line pass, or the reason why it may not.

    After a refusal the lines that follow are judged as well as can be, to name further faults; nothing more is sent.
    """

    def __init__(
        self, limits: MachineLimits, work_offset: Offset | None = None, blocks: tuple[BlockSpan, ...] = ()
    ) -> None:
        """`work_offset`: machine position of the work's zero, mm; routers only. `blocks`: lines by the shop's own
        approved blocks. Raises ValueError if they overlap.
        """
        router = limits.dialect is Dialect.GRBL
        self.judge: Judge = RouterJudge(limits, work_offset) if router else PrinterJudge(limits)
        self._blocks = in_order(blocks)
        self._line = self._block = 0
        self.feed = self.judge.feed if not blocks else self._feed_by_line

    def lines_before_block(self) -> int | None:
        """How many of the next lines belong to no block; None: all of them."""
        if self._block == len(self._blocks):
            return None
        return max(0, self._blocks[self._block].first - 1 - self._line)

    def skip(self, lines: int) -> None:
        """So many lines outside of blocks were judged elsewhere, with the judge's state (`quick`)."""
        self._line += lines

    def _feed_by_line(self, line: str) -> str | None:
        self._line += 1
        if self._block == len(self._blocks):
            return self.judge.feed(line)
        block = self._blocks[self._block]
        if self._line == block.first:
            self.judge.enter(block)
        reason = self.judge.feed(line)
        if self._line == block.last:
            self._block += 1
            try:
                self.judge.leave(block)
            except Refused as refused:
                return reason or f"what is declared of the {block.kind} block: {refused}"
        return reason

    def finish(self) -> list[str]:
        """What is wrong with the state in which the program has ended; empty if nothing."""
        reasons = self.judge.finish()
        if self._block < len(self._blocks):
            block = self._blocks[self._block]
            reasons.append(
                f"the program ends before its {block.kind} block in lines {block.first} to {block.last} does"
            )
        return reasons

    @property
    def bounds(self) -> Bounds | None:
        return self.judge.travel.bounds()

    @property
    def moves_s(self) -> float:
        return self.judge.travel.seconds

    @property
    def end(self) -> EndState:
        judge = self.judge
        if isinstance(judge, PrinterJudge):
            heat = judge.heat
            return EndState(hotend_c=max(heat.hotends_c), bed_c=heat.bed_c, chamber_c=heat.chamber_c)
        if isinstance(judge, RouterJudge):
            return EndState(spindle_on=judge.spindle.on, coolant_on=judge.spindle.coolant_on)
        return EndState()


class Account:
    """What became of a program's lines."""

    def __init__(self) -> None:
        self.lines = self.refused = 0
        self.findings: list[LineFinding] = []

    def note(self, text: str, reason: str | None) -> None:
        """One more line, and why it was refused."""
        self.lines += 1
        if reason is not None:
            self.refused += 1
            if self.refused <= MAX_FINDINGS:
                self.findings.append(LineFinding(self.lines, text[:120], reason))

    def verdict(self, checker: ProgramChecker) -> Verdict:
        """The program has ended."""
        ends = [LineFinding(0, "", reason) for reason in checker.finish()]
        if self.lines == 0:
            ends.append(LineFinding(0, "", "the program is empty"))
        return Verdict(
            ok=not self.findings and not ends,
            lines=self.lines,
            refused=self.refused,
            findings=(*self.findings, *ends),
            bounds=checker.bounds,
            moves_s=checker.moves_s,
            end=checker.end,
        )


def check_program(
    path: Path, limits: MachineLimits, work_offset: Offset | None = None, blocks: tuple[BlockSpan, ...] = ()
) -> Verdict:
    """Judge a whole program file. Raises OSError if it can't be read, ValueError for blocks that overlap."""
    checker = ProgramChecker(limits, work_offset, blocks)
    if find_spec("numba") is not None and path.stat().st_size >= _LONG:
        from slicer_bridge.programs.quick import check_quickly

        return check_quickly(path, checker, limits)
    return check_by_line(path, checker)


def check_by_line(path: Path, checker: ProgramChecker) -> Verdict:
    """Each line by the judge. Raises OSError if the file can't be read."""
    account = Account()
    with path.open("rb") as file:
        while raw := file.readline(LONGEST_LINE + 2):
            text = without_end(raw.decode("latin-1"))
            account.note(text, checker.feed(text))
            while raw and not raw.endswith(b"\n"):  # the rest of a line too long to be judged; it was refused
                raw = file.readline(LONGEST_LINE)
    return account.verdict(checker)
