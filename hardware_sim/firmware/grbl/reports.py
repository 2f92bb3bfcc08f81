"""What a Grbl says of itself. Source: Grbl 1.1h report.c."""

from dataclasses import dataclass

from hardware_sim.firmware.grbl.modal import Modal, Offsets
from hardware_sim.firmware.planner import Point

UNLOCK = "'$H'|'$X' to unlock"
HELP = b"[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]\r\n"
_BUSY_REPORTS = (30, 20)
_IDLE_REPORTS = (10, 10)
_AT_REST = frozenset({"Idle", "Alarm", "Check", "Sleep"})


def triple(point: Point) -> str:
    return f"{point[0]:.3f},{point[1]:.3f},{point[2]:.3f}"


def parser_state(modal: Modal) -> bytes:
    coolant = ("M7 " if modal.mist else "") + ("M8" if modal.flood else "")
    words = [
        f"G{modal.motion}" if modal.motion < 100 else f"G{modal.motion / 10:g}",
        f"G{54 + modal.wcs}",
        f"G{modal.plane}",
        "G20" if modal.inches else "G21",
        "G90" if modal.absolute else "G91",
        "G94",
        f"M{modal.spindle}",
        coolant.strip() or "M9",
        f"T{modal.tool}",
        f"F{modal.feed_mm_min:.0f}",
        f"S{modal.rpm:.0f}",
    ]
    return f"[GC:{' '.join(words)}]\r\n".encode()


def parameters(modal: Modal, offsets: Offsets) -> bytes:
    lines = [f"[G{54 + index}:{triple(offset)}]" for index, offset in enumerate(offsets.wcs)]
    lines += [f"[G28:{triple(offsets.g28)}]", f"[G30:{triple(offsets.g30)}]", f"[G92:{triple(modal.g92)}]"]
    lines.append(f"[TLO:{modal.tool_length_mm:.3f}]")
    return "".join(f"{line}\r\n" for line in lines).encode() + probe(modal)


def probe(modal: Modal) -> bytes:
    return f"[PRB:{triple(modal.probe)}:{int(modal.probed)}]\r\n".encode()


@dataclass(slots=True)
class Snapshot:
    """What a status report tells."""

    state: str
    position: Point
    offset: Point
    feed_mm_min: float
    rpm: float
    blocks_free: int
    rx_free: int
    overrides: tuple[int, int, int]
    accessories: str
    line: int
    """0: not told."""
    pins: str


class StatusReport:
    """Remembers when work offset and overrides are due again."""

    def __init__(self) -> None:
        self.offset_in = 0
        self.overrides_in = 0

    def line(self, now: Snapshot, mask: int) -> bytes:
        """`mask` is $10: bit 0 machine position, bit 1 buffer state."""
        work = (
            now.position[0] - now.offset[0],
            now.position[1] - now.offset[1],
            now.position[2] - now.offset[2],
        )
        fields = [now.state, f"MPos:{triple(now.position)}" if mask & 1 else f"WPos:{triple(work)}"]
        if mask & 2:
            fields.append(f"Bf:{now.blocks_free},{now.rx_free}")
        if now.line:
            fields.append(f"Ln:{now.line}")
        fields.append(f"FS:{now.feed_mm_min:.0f},{now.rpm:.0f}")
        if now.pins:
            fields.append(f"Pn:{now.pins}")
        offset_every, overrides_every = _IDLE_REPORTS if now.state in _AT_REST else _BUSY_REPORTS
        if self.offset_in > 0:
            self.offset_in -= 1
        else:
            self.offset_in = offset_every - 1
            self.overrides_in = self.overrides_in or 1
            fields.append(f"WCO:{triple(now.offset)}")
        if self.overrides_in > 0:
            self.overrides_in -= 1
        else:
            self.overrides_in = overrides_every - 1
            fields.append("Ov:" + ",".join(str(percent) for percent in now.overrides))
            if now.accessories:
                fields.append(f"A:{now.accessories}")
        return f"<{'|'.join(fields)}>\r\n".encode()
