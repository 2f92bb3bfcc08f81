"""What a block looks like it does, for its owner to check: words that are refused elsewhere, and effects."""

import re
from dataclasses import dataclass

from slicer_bridge.programs.blocks import BlockKind, BlockSpan, moves_nothing
from slicer_bridge.programs.judge_printer import PrinterJudge
from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits
from slicer_bridge.slicing.shop.approval import Approval, Target
from slicer_bridge.slicing.shop.block_text import Block, TemplateLine, template_lines

_FAR_MM = 10_000.0
_STATE = ("G28", "G21", "G90", "M83", "M109 S300", "G1 X0 Y0 Z0 F60")
"""Before each line, so that only its own word and form are judged."""
_MACRO = re.compile(r"[A-Z_]{2}\w*")
_HOMES = re.compile(r"G28|G32|.*(?:START|HOME|G28).*")
_LEVELS = re.compile(r"G29|G80|G32|G33|.*(?:MESH|TILT|GANTRY|LEVEL).*")
_HOTEND = re.compile(r"[\[{][^\]}]*(?<!bed_)temperature")
_BED = re.compile(r"[\[{][^\]}]*bed_temperature")
_LEVELLING_S = 120.0
"""A guess: a mesh of 7 × 7 points; the owner measures."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A line that is refused anywhere but in an approved block."""

    line: TemplateLine
    word: str
    reason: str


@dataclass(frozen=True, slots=True)
class Supposition:
    block: Block
    foreign: tuple[Foreign, ...]
    approval: Approval
    """What would be approved, as it looks."""
    why: tuple[str, ...]
    """What each supposed effect rests on."""
    wrong: tuple[Foreign, ...] = ()
    """Lines that no approval lets pass: words whose effect is always known, written as no firmware is sure to read."""


def suppose(block: Block, dialect: Dialect, machine: MachineLimits | None = None) -> Supposition:
    """`machine`: whose lists of words hold, over and above its dialect's."""
    lines = tuple(template_lines(block.text))
    generous = _generous(dialect, machine)
    foreign = tuple(_foreign(lines, generous, frozenset()))
    words = frozenset(one.word for one in foreign if one.word)
    wrong = tuple(_foreign(lines, generous, words))
    words -= {one.word for one in wrong}
    why: list[str] = []
    approval = Approval(
        kind=block.kind,
        sha256=block.sha256,
        words=words,
        homed=_homed(block, foreign, lines, why),
        hotend_c=_target(block, foreign, lines, why, bed=False),
        bed_c=_target(block, foreign, lines, why, bed=True),
        duration_s=_duration_s(lines, why),
        returns=_returns(block, foreign, why),
    )
    return Supposition(block, foreign, approval, tuple(why), wrong)


def _generous(dialect: Dialect, machine: MachineLimits | None) -> MachineLimits:
    """Only words and form are judged by these."""
    return MachineLimits(
        dialect=dialect,
        envelope_mm=Envelope(x=(-_FAR_MM, _FAR_MM), y=(-_FAR_MM, _FAR_MM), z=(-_FAR_MM, _FAR_MM)),
        max_feed_mm_s=1e6,
        max_hotend_c=1e4,
        max_bed_c=1e4,
        min_extrusion_c=0.0,
        max_dwell_s=1e6,
        allow=machine.allow if machine else frozenset(),
        refuse=machine.refuse if machine else frozenset(),
    )


def _foreign(lines: tuple[TemplateLine, ...], generous: MachineLimits, words: frozenset[str]) -> list[Foreign]:
    """Lines that are refused in a block with these words."""
    found: list[Foreign] = []
    judge = PrinterJudge(generous)
    for line in lines:
        for before in _STATE:
            judge.feed(before)
        judge.enter(BlockSpan(BlockKind.CHANGE, 1, 1, "", words))
        reason = judge.feed(line.code)
        if reason is not None:
            found.append(Foreign(line, line.word, reason))
    return found


def _homed(block: Block, foreign: tuple[Foreign, ...], lines: tuple[TemplateLine, ...], why: list[str]) -> bool:
    """A block of none but common words is followed line by line, and needs no word of its owner."""
    homing = [line for line in lines if _HOMES.fullmatch(line.word)]
    if not homing or not foreign or block.kind is not BlockKind.START:
        return False
    why.append(f"homed, by line {homing[-1].number}: {homing[-1].raw}")
    return True


def _target(
    block: Block, foreign: tuple[Foreign, ...], lines: tuple[TemplateLine, ...], why: list[str], *, bed: bool
) -> Target:
    plain = {"M140", "M190"} if bed else {"M104", "M109"}
    strange = {one.line.number for one in foreign}
    last = [line for line in lines if line.word in plain and line.number not in strange]
    macros = [line for line in lines if line.number in strange and _MACRO.fullmatch(line.word)]
    name = "bed" if bed else "hotend"
    if block.kind is BlockKind.END and macros and not last:
        why.append(f"{name} off, by line {macros[-1].number}: {macros[-1].raw}")
        return 0.0
    told = [line for line in macros if (_BED if bed else _HOTEND).search(line.raw)]
    if told and block.kind is BlockKind.START:
        why.append(f"{name} as the profile says, by line {told[-1].number}: {told[-1].raw}")
        return "profile"
    return None


def _returns(block: Block, foreign: tuple[Foreign, ...], why: list[str]) -> bool:
    """Printing goes on after layers and changes of filament: from where it was, or the block is wrong."""
    moving = [one for one in foreign if not moves_nothing(one.word)]
    if not moving or block.kind not in {BlockKind.LAYER, BlockKind.CHANGE}:
        return False
    why.append(f"comes back to where it was after line {moving[-1].line.number}: {moving[-1].line.raw}")
    return True


def _duration_s(lines: tuple[TemplateLine, ...], why: list[str]) -> float:
    slow = [line for line in lines if _LEVELS.fullmatch(line.word) or line.word.endswith("PRINT_START")]
    if slow:
        why.append(
            f"{_LEVELLING_S:g} s each for {', '.join(sorted({line.word for line in slow}))}: a guess, measure it"
        )
    return _LEVELLING_S * len(slow)
