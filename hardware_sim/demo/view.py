"""What the terminal shows of a batch under way: plain values, made anew for each frame."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MachineView:
    workshop: str
    machine: str
    doing: str
    """In a person's words: idle, slicing, waiting for set-up, printing …"""
    share: float | None
    """0 to 1 of the program's lines; None where nothing runs."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class LineView:
    part: str
    material: str
    ordered: int
    good: int
    scrap: int
    on_machines: int


@dataclass(frozen=True, slots=True)
class BatchView:
    order: str
    state: str
    wall_s: float
    machines: tuple[MachineView, ...]
    lines: tuple[LineView, ...]
    news: tuple[str, ...]
    """Latest happenings, oldest first."""
