"""Numbers, times and states as people read them."""

from datetime import datetime, timedelta
from enum import StrEnum

from broker.orders.models import OrderState
from broker.wire.messages import Availability
from broker.wire.shop import Process
from broker.wire.states import RunState
from broker.wire.tiers import Tier
from broker.wire.tracking import Link, LotStateView

TIERS = {
    Tier.EXPRESS: "As soon as it can be made: before whatever has time.",
    Tier.STANDARD: "In the first free places: nobody is later for it.",
    Tier.ECONOMY: "On the cheapest machines, whenever they have time.",
}
PROCESSES = {Process.FDM: "printed", Process.CUT2D: "cut from sheet"}


class Tone(StrEnum):
    """Colour of a state; each is a class in the style sheet."""

    PLAIN = ""
    BUSY = "busy"
    GOOD = "good"
    WARN = "warn"
    FAULT = "fault"


_RUN_TONES = {
    **dict.fromkeys((RunState.CLAIMED, RunState.STAGED, RunState.ARMED), Tone.WARN),
    **dict.fromkeys((RunState.PERMITTED, RunState.STARTING, RunState.RUNNING), Tone.BUSY),
    **dict.fromkeys((RunState.FINISHED, RunState.ACCEPTED), Tone.GOOD),
    **dict.fromkeys((RunState.FAULTED, RunState.STOPPED, RunState.UNKNOWN, RunState.SCRAPPED), Tone.FAULT),
    RunState.PAUSED: Tone.WARN,
}
_LOT_TONES = {
    LotStateView.OFFERED: Tone.WARN,
    LotStateView.ACCEPTED: Tone.BUSY,
    LotStateView.DECLINED: Tone.FAULT,
    LotStateView.MADE: Tone.GOOD,
    LotStateView.DELIVERED: Tone.GOOD,
}
_MACHINE_TONES = {
    Availability.FREE: Tone.GOOD,
    Availability.BUSY: Tone.BUSY,
    Availability.OCCUPIED: Tone.WARN,
    Availability.QUARANTINED: Tone.FAULT,
}
_ORDER_TONES = {OrderState.ACCEPTED: Tone.BUSY, OrderState.DELIVERED: Tone.GOOD}
_LINK_TONES = {Link.CONNECTED: Tone.GOOD, Link.SUSPECT: Tone.WARN, Link.DISCONNECTED: Tone.FAULT}


def tone(state: RunState | LotStateView | OrderState | Availability | Link) -> Tone:
    match state:
        case RunState():
            return _RUN_TONES.get(state, Tone.PLAIN)
        case LotStateView():
            return _LOT_TONES.get(state, Tone.PLAIN)
        case OrderState():
            return _ORDER_TONES.get(state, Tone.PLAIN)
        case Availability():
            return _MACHINE_TONES.get(state, Tone.PLAIN)
        case Link():
            return _LINK_TONES[state]


def sizes(lengths_mm: tuple[float, ...]) -> str:
    """Such as `40 × 12.5 × 3 mm`."""
    return " × ".join(f"{length:.1f}".removesuffix(".0") for length in lengths_mm) + " mm"


def volume(mm3: float) -> str:
    return f"{mm3 / 1000:,.1f} cm³" if mm3 < 1e6 else f"{mm3 / 1000:,.0f} cm³"


def area(mm2: float) -> str:
    return f"{mm2 / 100:,.1f} cm²"


def pieces(count: int) -> str:
    return "1 piece" if count == 1 else f"{count:,} pieces"


def when(moment: datetime | None) -> str:
    """Aware UTC as `Mon 23 Nov 2026, 20:44 UTC`."""
    return "–" if moment is None else f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M} UTC"


def lasting(length: timedelta) -> str:
    """Such as `42 s`, `3 min`, `2 h 5 min`."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
