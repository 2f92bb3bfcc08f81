"""What the owner has approved of a profile's blocks: by hash, with the words they may use and what they do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from slicer_bridge.errors import BlockNotApproved
from slicer_bridge.programs.blocks import BlockKind, Effects, Point
from slicer_bridge.slicing.shop.imported import ImportedProfile

Target = float | Literal["profile"] | None
"""°C; `profile`: as the profile says for the first layer; None: by the block's own M104, M109, M140 and M190."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One block, pinned by its template's text. `homed` … as in `programs.blocks.Effects`."""

    kind: BlockKind
    sha256: str
    words: frozenset[str] = frozenset()
    homed: bool = False
    hotend_c: Target = None
    bed_c: Target = None
    duration_s: float = 0.0
    position_mm: Point = (None, None, None)
    returns: bool = False

    def effects(self, profile: ImportedProfile) -> Effects:
        return Effects(
            homed=self.homed,
            hotend_c=_target(self.hotend_c, profile, "first_layer_temperature"),
            bed_c=_target(self.bed_c, profile, "first_layer_bed_temperature"),
            duration_s=self.duration_s,
            position_mm=self.position_mm,
            returns=self.returns,
        )


@dataclass(frozen=True, slots=True)
class ApprovedProfile:
    """A profile each of whose blocks the owner has approved as it stands. `approvals`: by the block's slot."""

    profile: ImportedProfile
    approvals: Mapping[str, Approval]


def approved(profile: ImportedProfile, approvals: Iterable[Approval]) -> ApprovedProfile:
    """Raises BlockNotApproved, naming every block whose text the owner has not approved."""
    pinned = {(one.kind, one.sha256): one for one in approvals}
    missing = [block for block in profile.blocks if (block.kind, block.sha256) not in pinned]
    if missing:
        named = ", ".join(f"{block.slot} ({block.sha256[:12]}…)" for block in missing)
        known = {one.kind for one in pinned.values()}
        changed = " or has changed since" if any(block.kind in known for block in missing) else ""
        raise BlockNotApproved(
            f"not approved{changed}: {named} of {profile.source}, {profile.printer or 'a flat configuration'}: "
            "look at it with llagar-agent profile approve, then put what it prints into policy.toml"
        )
    return ApprovedProfile(profile, {block.slot: pinned[block.kind, block.sha256] for block in profile.blocks})


def _target(wanted: Target, profile: ImportedProfile, key: str) -> float | None:
    return profile.number(key) if wanted == "profile" else wanted
