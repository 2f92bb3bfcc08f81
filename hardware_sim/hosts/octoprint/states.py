"""OctoPrint's states, by the words that its API shows. Source: OctoPrint 1.11 util/comm.py, printer/standard.py."""

from enum import StrEnum


class State(StrEnum):
    OFFLINE = "Offline"
    OPENING = "Opening serial connection"
    CONNECTING = "Connecting"
    OPERATIONAL = "Operational"
    STARTING = "Starting"
    PRINTING = "Printing"
    PAUSING = "Pausing"
    PAUSED = "Paused"
    RESUMING = "Resuming"
    CANCELLING = "Cancelling"
    FINISHING = "Finishing"
    OFFLINE_AFTER_ERROR = "Offline after error"


PRINTING = frozenset({State.STARTING, State.PRINTING, State.CANCELLING, State.PAUSING, State.RESUMING, State.FINISHING})
"""What the flag `printing` means."""
BUSY = PRINTING | {State.PAUSED}
OPERATIONAL = BUSY | {State.OPERATIONAL}
CLOSED = frozenset({State.OFFLINE, State.OFFLINE_AFTER_ERROR})


def flags(state: State) -> dict[str, bool]:
    """`error` is never seen: what fails is closed at once, and a closed port counts as no error."""
    return {
        "operational": state in OPERATIONAL,
        "printing": state in PRINTING,
        "cancelling": state is State.CANCELLING,
        "pausing": state is State.PAUSING,
        "resuming": state is State.RESUMING,
        "finishing": state is State.FINISHING,
        "closedOrError": state in CLOSED,
        "error": False,
        "paused": state is State.PAUSED,
        "ready": state is State.OPERATIONAL,
        "sdReady": False,
    }
