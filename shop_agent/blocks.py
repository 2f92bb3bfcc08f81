"""The start, end, change and layer blocks that the owner has approved: in policy.toml, with a program, at its start."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shop_agent.state.records import ProgramBlock
from slicer_bridge.programs.blocks import BlockKind, BlockSpan, Effects
from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.programs.words import canonical_word
from slicer_bridge.slicing.shop.approval import Approval

_WORD = re.compile(r"[A-Z][A-Z0-9_.]*")
Celsius = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
Millimetres = Annotated[float, Field(ge=-10_000, le=10_000, allow_inf_nan=False)]


class BlockApproval(BaseModel):
    """A `[[blocks]]` of policy.toml; see `slicer_bridge.programs.blocks.Effects`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    machine: str
    kind: BlockKind
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the template's text."""
    words: tuple[str, ...] = ()
    homed: bool = False
    hotend_c: Celsius | Literal["profile"] | None = None
    """A target that is reached when the block ends; profile: as the profile says for the first layer."""
    bed_c: Celsius | Literal["profile"] | None = None
    duration_s: float = Field(default=0.0, ge=0, le=86_400, allow_inf_nan=False)
    position_mm: tuple[Millimetres, Millimetres, Millimetres] | None = None
    returns: bool = False

    @field_validator("words")
    @classmethod
    def _canonical(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if not _WORD.fullmatch(word) or canonical_word(word) != word:
                raise ValueError(f"{word!r} is no word: write it as {canonical_word(word)}")
        return words

    def approval(self) -> Approval:
        return Approval(
            kind=self.kind,
            sha256=self.sha256,
            words=frozenset(self.words),
            homed=self.homed,
            hotend_c=self.hotend_c,
            bed_c=self.bed_c,
            duration_s=self.duration_s,
            position_mm=self.position_mm or (None, None, None),
            returns=self.returns,
        )


def approvals_for(blocks: Iterable[BlockApproval], machine: str) -> tuple[Approval, ...]:
    return tuple(block.approval() for block in blocks if block.machine == machine)


# With a program -----------------------------------------------------------------------------------


def as_record(spans: Iterable[BlockSpan]) -> tuple[ProgramBlock, ...]:
    """Layer blocks come a thousand times: each block is kept once, with all its lines."""
    lines: dict[BlockSpan, list[tuple[int, int]]] = {}
    for span in spans:
        lines.setdefault(replace(span, first=0, last=0), []).append((span.first, span.last))
    return tuple(
        ProgramBlock(block.kind, block.sha256, tuple(sorted(block.words)), block.effects, tuple(where))
        for block, where in lines.items()
    )


def as_spans(blocks: Iterable[ProgramBlock]) -> tuple[BlockSpan, ...]:
    return tuple(
        BlockSpan(block.kind, first, last, block.sha256, frozenset(block.words), block.effects)
        for block in blocks
        for first, last in block.lines
    )


def why_not(blocks: Iterable[ProgramBlock], approvals: Iterable[Approval], limits: MachineLimits) -> str:
    """Why these blocks of a program may not be run as the policy stands now; empty: they may."""
    pinned = {(one.kind, one.sha256): one for one in approvals}
    for block in blocks:
        approval = pinned.get((block.kind, block.sha256))
        named = f"the {block.kind} block {block.sha256[:12]}…"
        if approval is None:
            return f"{named} is not approved in policy.toml"
        if set(block.words) != approval.words or not _same(block.effects, approval):
            return f"{named} was approved otherwise when the program was made: make it anew"
        for heater, target, limit in (
            ("hotend", block.effects.hotend_c, limits.max_hotend_c),
            ("bed", block.effects.bed_c, limits.max_bed_c),
        ):
            if target is not None and target > limit:
                return f"{named} leaves the {heater} at {target:g} °C; the limit is {limit:g}"
    return ""


def _same(effects: Effects, approval: Approval) -> bool:
    """But for temperatures that follow the profile, of which the limits judge."""
    expected = Effects(
        homed=approval.homed,
        hotend_c=effects.hotend_c if approval.hotend_c == "profile" else approval.hotend_c,
        bed_c=effects.bed_c if approval.bed_c == "profile" else approval.bed_c,
        duration_s=approval.duration_s,
        position_mm=approval.position_mm,
        returns=approval.returns,
    )
    return effects == expected
