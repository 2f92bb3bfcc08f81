"""The motion queue of both firmwares: look-ahead over a bounded number of blocks, trapezoid time per block.

Physics only. Times are seconds on the machine's clock, with durations divided by `speed`; lengths mm,
speeds mm/s, accelerations mm/s². Squared speeds carry a trailing 2, as in Grbl's own planner.c.
"""

from collections import deque
from dataclasses import dataclass
from math import acos, inf, sqrt

Point = tuple[float, float, float]
Corner = tuple[float, float, float, float]
"""X, Y, Z and filament."""


class Block:
    """One straight move. `filament_mm` is what it extrudes; `lit` says that the spindle turns; `line` is its N word.

    `axis_accel` holds corners as well as the block itself does; with `free_corner`, as in Grbl, it alone does.
    """

    __slots__ = (
        "accel",
        "axis_accel",
        "begin",
        "end",
        "entry2",
        "exit2",
        "filament_mm",
        "free_corner",
        "join2",
        "length",
        "line",
        "lit",
        "path",
        "peak2",
        "rapid",
        "start",
        "top2",
        "unit",
        "until",
    )

    def __init__(self, begin: Point, end: Point, speed: float, accel: float, filament_mm: float = 0.0) -> None:
        dx, dy, dz = end[0] - begin[0], end[1] - begin[1], end[2] - begin[2]
        length = sqrt(dx * dx + dy * dy + dz * dz)
        if length > 0.0:
            self.unit = (dx / length, dy / length, dz / length)
        else:
            length = abs(filament_mm)
            self.unit = (0.0, 0.0, 0.0)
        self.path = _path(self.unit, filament_mm / length if length else 0.0)
        self.axis_accel: Corner = (inf, inf, inf, inf)
        self.free_corner = False
        self.begin = begin
        self.end = end
        self.length = length
        self.top2 = speed * speed
        self.accel = accel
        self.filament_mm = filament_mm
        self.join2 = self.entry2 = self.exit2 = self.peak2 = 0.0
        self.start = self.until = inf
        self.lit = self.rapid = False
        self.line = 0

    def launch(self, at: float, entry2: float, exit2: float, time_scale: float) -> None:
        """Fix the speed profile; the block ends at `until`."""
        accel, length = self.accel, self.length
        peak2 = min(self.top2, (entry2 + exit2) / 2 + accel * length)
        peak2 = max(peak2, entry2, exit2)
        peak = sqrt(peak2)
        ramps = (2 * peak - sqrt(entry2) - sqrt(exit2)) / accel
        cruise = length - (2 * peak2 - entry2 - exit2) / (2 * accel)
        self.entry2, self.exit2, self.peak2, self.start = entry2, exit2, peak2, at
        self.until = at + (ramps + (cruise / peak if cruise > 0 else 0.0)) * time_scale

    def travelled(self, at: float, time_scale: float) -> tuple[float, float]:
        """How far the block has got (mm) and how fast it goes (mm/s)."""
        if at >= self.until:
            return self.length, sqrt(self.exit2)
        elapsed = max(0.0, (at - self.start) / time_scale)
        entry, peak, accel = sqrt(self.entry2), sqrt(self.peak2), self.accel
        rise = (peak - entry) / accel
        if elapsed < rise:
            return entry * elapsed + accel * elapsed * elapsed / 2, entry + accel * elapsed
        fall = (peak - sqrt(self.exit2)) / accel
        left = (self.until - at) / time_scale
        if left < fall:
            out = sqrt(self.exit2)
            return self.length - (out * left + accel * left * left / 2), out + accel * left
        return (self.peak2 - self.entry2) / (2 * accel) + peak * (elapsed - rise), peak

    def point(self, travelled: float) -> Point:
        u = self.unit
        b = self.begin
        return (b[0] + u[0] * travelled, b[1] + u[1] * travelled, b[2] + u[2] * travelled)


def _path(unit: Point, filament: float) -> Corner:
    """A block's direction as its corners see it."""
    x, y, z = unit
    if not filament:
        return (x, y, z, 0.0)
    length = sqrt(x * x + y * y + z * z + filament * filament)
    return (x / length, y / length, z / length, filament / length)


@dataclass(frozen=True, slots=True)
class Standstill:
    """Where and how a motion came to rest, and the part of its block that was done by then."""

    done: Block | None
    at: float


class Planner:
    """Look-ahead as in Grbl and Marlin: junction deviation, backward pass over the waiting blocks.

    `until` is when the block under way ends (inf: nothing moves). Its exit speed is fixed when it starts, or when
    the first block after it comes while it isn't slowing down yet.
    """

    def __init__(self, capacity: int, speed: float, junction_mm: float) -> None:
        self.capacity = capacity
        self.time_scale = 1.0 / speed
        self.junction_mm = junction_mm
        self.blocks: deque[Block] = deque()
        self.until = inf
        self.held = False
        self._speed2 = 0.0

    def full(self) -> bool:
        return len(self.blocks) >= self.capacity

    def add(self, block: Block, now: float) -> None:
        blocks = self.blocks
        if block.length <= 0.0 or block.top2 <= 0.0:
            block.length, block.top2 = max(block.length, 1e-9), max(block.top2, 1e-6)
        if not blocks:
            blocks.append(block)
            self._speed2 = 0.0
            if not self.held:
                self._launch(now)
            return
        previous = blocks[-1]
        block.join2 = self._junction2(previous, block)
        block.entry2 = min(block.join2, 2 * block.accel * block.length)
        blocks.append(block)
        later = block
        for index in range(len(blocks) - 2, 0, -1):
            earlier = blocks[index]
            entry2 = min(earlier.join2, later.entry2 + 2 * earlier.accel * earlier.length)
            if entry2 == earlier.entry2:
                break
            earlier.entry2 = entry2
            later = earlier
        if len(blocks) == 2 and not self.held:
            self._prolong(blocks[0], block, now)

    def _prolong(self, head: Block, following: Block, now: float) -> None:
        """The block under way needn't stop any more, unless it is slowing down already."""
        falling_s = (sqrt(head.peak2) - sqrt(head.exit2)) / head.accel * self.time_scale
        if now < head.until - falling_s:
            exit2 = min(following.entry2, head.entry2 + 2 * head.accel * head.length)
            head.launch(head.start, head.entry2, exit2, self.time_scale)
            self.until = head.until

    def _junction2(self, before: Block, after: Block) -> float:
        """Marlin 2.1 planner.cpp with JD_HANDLE_SMALL_SEGMENTS, as configured by default; Grbl 1.1h planner.c."""
        ax, ay, az, ae = before.path
        bx, by, bz, be = after.path
        cosine = -(ax * bx + ay * by + az * bz + ae * be)
        limit2 = min(before.top2, after.top2)
        if cosine < -0.999999:
            return limit2
        if cosine > 0.999999:
            return 0.0
        accel = inf if after.free_corner else after.accel
        across = sqrt(2.0 + 2.0 * cosine)
        for change, most in zip((bx - ax, by - ay, bz - az, be - ae), after.axis_accel, strict=True):
            if change and abs(change) * accel > most * across:
                accel = most * across / abs(change)
        half = sqrt((1.0 - cosine) / 2)
        join2 = accel * self.junction_mm * half / (1.0 - half)
        if not after.free_corner and after.length < 1.0 and cosine < -0.7071067812:
            join2 = min(join2, accel * after.length / acos(-cosine))
        return min(limit2, join2)

    def _launch(self, at: float) -> None:
        blocks = self.blocks
        head = blocks[0]
        entry2 = self._speed2
        exit2 = 0.0
        if len(blocks) > 1:
            exit2 = min(blocks[1].entry2, entry2 + 2 * head.accel * head.length)
        head.launch(at, entry2, exit2, self.time_scale)
        self.until = head.until

    def finish(self) -> Block:
        """Take the block whose time is over; the next one starts at that very time."""
        block = self.blocks.popleft()
        if self.blocks:
            self._speed2 = block.exit2
            self._launch(block.until)
        else:
            self._speed2 = 0.0
            self.until = inf
        return block

    def moving(self) -> bool:
        return self.until < inf

    def motion(self, now: float) -> tuple[Point, float] | None:
        """Position and speed now; None when nothing moves or is held in mid-block."""
        if not self.blocks:
            return None
        head = self.blocks[0]
        if self.held:
            return head.begin, 0.0
        travelled, speed = head.travelled(now, self.time_scale)
        return head.point(travelled), speed

    def hold(self, now: float) -> Standstill:
        """Ramp down within the block under way; the rest of it stays queued.

        The ramp is not prolonged into following blocks: a short last block ends more abruptly than on a
        real machine, which no peer of this simulator can see.
        """
        self.held = True
        if self.until == inf:
            return Standstill(None, now)
        head = self.blocks[0]
        travelled, speed = head.travelled(now, self.time_scale)
        travelled = min(head.length, travelled + speed * speed / (2 * head.accel))
        done = self._cut(head, travelled)
        self.until = inf
        self._speed2 = 0.0
        return Standstill(done, now + speed / head.accel * self.time_scale)

    def _cut(self, head: Block, travelled: float) -> Block:
        share = travelled / head.length
        middle = head.point(travelled) if share < 1.0 else head.end
        done = Block(head.begin, middle, sqrt(head.top2), head.accel, head.filament_mm * share)
        done.lit, done.rapid, done.line = head.lit, head.rapid, head.line
        done.start, done.until = head.start, head.until
        head.begin = middle
        head.filament_mm -= done.filament_mm
        head.length = max(head.length - travelled, 1e-9)
        return done

    def resume(self, now: float) -> None:
        self.held = False
        if self.blocks:
            self._launch(now)

    def break_off(self, now: float) -> tuple[Block, Point]:
        """The block under way ends here, abruptly, and the next one begins: what was driven of it, and where."""
        head = self.blocks[0]
        travelled, _ = (0.0, 0.0) if self.held else head.travelled(now, self.time_scale)
        done = self._cut(head, travelled)
        self.blocks.popleft()
        self.until = inf
        self._speed2 = 0.0
        if self.blocks:
            self.blocks[0].begin = done.end
            if not self.held:
                self._launch(now)
        return done, done.end

    def stop(self, now: float) -> tuple[Block | None, Point | None]:
        """Abrupt end: forget all blocks. Returns the part done of the block under way, and where it stopped."""
        done, place = None, None
        if self.blocks:
            head = self.blocks[0]
            place = head.begin
            if not self.held:
                travelled, _ = head.travelled(now, self.time_scale)
                if travelled > 0.0:
                    done = self._cut(head, travelled)
                    place = done.end
        self.blocks.clear()
        self.until = inf
        self.held = False
        self._speed2 = 0.0
        return done, place
