"""The rig's planners, which share no code with ours, fed with whole programs: the queue is always full."""

from dataclasses import dataclass
from math import inf

from hardware_sim.firmware.config import RouterConfig
from hardware_sim.firmware.grbl import arcs, flavours
from hardware_sim.firmware.grbl.interpret import Statement, interpret
from hardware_sim.firmware.grbl.modal import Modal
from hardware_sim.firmware.grbl.program import stripped
from hardware_sim.firmware.marlin.axes import Axes, Limits
from hardware_sim.firmware.planner import Block, Planner, Point

MARLIN_QUEUE, GRBL_QUEUE = 16, 15


@dataclass(slots=True)
class Driven:
    """A planner's own clock, s."""

    planner: Planner
    now: float = 0.0
    dwells_s: float = 0.0

    def add(self, block: Block) -> None:
        while self.planner.full():
            self.now = self.planner.until
            self.planner.finish()
        self.planner.add(block, self.now)

    def rest(self, seconds: float = 0.0) -> None:
        """All blocks end, then so many seconds pass."""
        while self.planner.blocks:
            self.now = self.planner.until
            self.planner.finish()
        self.now += seconds
        self.dwells_s += seconds


def marlin_s(program: str, limits: Limits) -> float:
    """Seconds of motion of a program that homes first."""
    axes, driven = Axes((1000.0, 1000.0, 1000.0), limits), Driven(Planner(MARLIN_QUEUE, 1.0, limits.junction_mm))
    for line in program.splitlines():
        word, *rest = line.partition(";")[0].split() or [""]
        given = {part[0]: float(part[1:]) for part in rest if part[0].isalpha() and len(part) > 1}
        match word:
            case "G0" | "G1" | "G2" | "G3":
                axes.feed = given.get("F", axes.feed * 60.0) / 60.0
                target = axes.target(given.get("X"), given.get("Y"), given.get("Z"))
                filament = axes.filament(given.get("E"))
                corners = [target]
                if word in {"G2", "G3"}:
                    corners = axes.arc(target, given.get("I", 0.0), given.get("J", 0.0), word == "G2")
                for corner in corners:
                    if corner != axes.position or filament:
                        driven.add(axes.block(corner, filament / len(corners)))
            case "G4":
                driven.rest(given.get("S", 0.0) + given.get("P", 0.0) / 1000.0)
            case "G28" | "M400" | "M109" | "M190":
                driven.rest()
                if word == "G28":
                    axes.home()
            case "G90" | "G91":
                axes.absolute = axes.absolute_e = word == "G90"
            case "M82" | "M83":
                axes.absolute_e = word == "M82"
            case "G92":
                axes.e = given.get("E", axes.e)
            case "M201" | "M203" | "M204":
                _limit(word, given, limits)
    driven.rest()
    return driven.now - driven.dwells_s


def _limit(word: str, given: dict[str, float], limits: Limits) -> None:
    if word == "M204":
        limits.print_accel = given.get("P", given.get("S", limits.print_accel))
        limits.travel_accel = given.get("T", given.get("S", limits.travel_accel))
        limits.retract_accel = given.get("R", limits.retract_accel)
        return
    values = limits.accel if word == "M201" else limits.feed
    values[:] = [given.get(letter, value) for letter, value in zip("XYZE", values, strict=True)]


@dataclass(frozen=True, slots=True)
class Router:
    """Rates mm/s and accelerations mm/s² of X, Y, Z."""

    rates: Point
    accelerations: Point
    junction_mm: float = 0.01
    arc_tolerance_mm: float = 0.002


def grbl_s(program: str, router: Router) -> float:
    """Seconds of motion, dwells left out."""
    driven, modal = Driven(Planner(GRBL_QUEUE, 1.0, router.junction_mm)), Modal()
    dialect = flavours.dialect(RouterConfig())
    for line in program.splitlines():
        text = stripped(line)
        if not text:
            continue
        statement = interpret(text, modal, dialect)
        begin = modal.position
        if statement.moves:
            target = _target(statement, begin)
            corners = [target]
            if statement.modal.motion > 1:
                corners = arcs.corners(statement, begin, target, router.arc_tolerance_mm)
            for corner in corners:
                if corner != begin:
                    driven.add(_block(begin, corner, statement, router))
                    begin = corner
        elif statement.non_modal == "G4":
            driven.rest(statement.values["P"])
        elif statement.spindle or statement.flow:
            driven.rest()
        modal = statement.modal
        modal.position = begin
    driven.rest()
    return driven.now - driven.dwells_s


def _target(statement: Statement, begin: Point) -> Point:
    base = (0.0, 0.0, 0.0) if statement.modal.absolute else begin
    x, y, z = (
        base[axis] + statement.axes[letter] if letter in statement.axes else begin[axis]
        for axis, letter in enumerate("XYZ")
    )
    return (x, y, z)


def _block(begin: Point, end: Point, statement: Statement, router: Router) -> Block:
    block = Block(begin, end, 1.0, 1.0)
    shares = [abs(share) for share in block.unit]
    top = min(rate / share for rate, share in zip(router.rates, shares, strict=True) if share)
    block.accel = min(one / share for one, share in zip(router.accelerations, shares, strict=True) if share)
    speed = top if statement.modal.motion == 0 else min(top, statement.modal.feed_mm_min / 60.0)
    block.top2 = speed * speed
    block.axis_accel, block.free_corner = (*router.accelerations, inf), True
    return block
