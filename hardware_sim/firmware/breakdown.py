"""Faults that every board can have, whatever firmware it runs."""

from typing import Protocol

from hardware_sim.faults import Fault, FaultKind, Mishaps
from hardware_sim.firmware.wire import Wire
from hardware_sim.firmware.witness import Witness


class Board(Protocol):
    now: float
    unplug_s: float | None
    restart_at: float
    hung: bool
    wire: Wire
    mishaps: Mishaps
    witness: Witness


def apply(board: Board, fault: Fault) -> bool:
    """False: it is none of these."""
    match fault.kind:
        case FaultKind.DISCONNECT:
            board.unplug_s = fault.reconnect_s
        case FaultKind.HANG:
            board.hung = True
            board.witness.faulted = True
        case FaultKind.BROWN_OUT:
            board.restart_at = board.now
        case FaultKind.DELAYED_BYTES:
            board.wire.delay(board.now + fault.how_much())
        case FaultKind.EXTRA_OK:
            board.mishaps.ok_error = 1
        case FaultKind.LOST_OK:
            board.mishaps.ok_error = -1
        case _:
            return False
    return True
