"""The run protocol's table of states, written out from its document and from nothing in the code."""

from datetime import timedelta

STATES = (
    "planned", "offered", "withdrawn", "rejected", "expired", "claimed", "staged", "armed", "permitted", "cancelled",
    "starting", "running", "paused", "unknown", "stopped", "faulted", "finished", "accepted", "scrapped", "released",
)  # fmt: skip
FINAL = ("withdrawn", "rejected", "expired", "cancelled", "accepted", "scrapped", "released")

SAID = {
    "offered": {"claimed": "claimed", "rejected": "rejected"},
    "claimed": {"staged": "staged", "released": "released"},
    "staged": {"armed": "armed", "released": "released"},
    "armed": {"lapsed": "staged", "released": "released"},
    "permitted": {"starting": "starting", "not_started": "cancelled", "unknown": "unknown"},
    "starting": {"running": "running", "stopped": "stopped", "faulted": "faulted", "unknown": "unknown"},
    "running": {
        "paused": "paused", "finished": "finished", "stopped": "stopped", "faulted": "faulted", "unknown": "unknown",
    },
    "paused": {"resumed": "running", "stopped": "stopped", "faulted": "faulted", "unknown": "unknown"},
    "unknown": {"settled": "scrapped"},
    "stopped": {"settled": "scrapped"},
    "faulted": {"settled": "scrapped"},
    "finished": {"counted": "accepted"},
}  # fmt: skip
"""By state and kind of an agent's event: the state that follows. What isn't here changes nothing."""

CORRECTED = {
    "not_started": "cancelled",
    "starting": "starting",
    "running": "running",
    "resumed": "running",
    "paused": "paused",
    "stopped": "stopped",
    "faulted": "faulted",
    "finished": "finished",
    "unknown": "unknown",
}
"""What the unbroken journal makes of an unknown that the broker set for silence."""

BY_A_PERSON = ("armed", "counted", "settled")
"""Kinds of events in which the agent passes a person's word on."""

RAISES_FENCE = ("offered", "withdrawn", "expired", "released")

MACHINE = {
    "starting": "busy",
    "running": "busy",
    "resumed": "busy",
    "finished": "occupied",
    "stopped": "occupied",
    "faulted": "quarantined",
    "unknown": "quarantined",
}
"""What an event says of the machine. A settlement doesn't release it."""

LEASED = ("claimed", "staged", "armed")
ON_MACHINE = ("starting", "running", "paused")
WAITS_FOR_A_PERSON = ("unknown", "stopped", "faulted", "finished")

LAPSES = {
    "offered": "expired",
    "claimed": "released",
    "staged": "released",
    "armed": "released",
    "permitted": "unknown",
    "starting": "unknown",
    "running": "unknown",
    "paused": "unknown",
}
"""What silence makes of a run. In no other state does time alone change anything."""

LIFE = {
    "offered": timedelta(seconds=120),
    "claimed": timedelta(minutes=10),
    "staged": timedelta(minutes=10),
    "armed": timedelta(minutes=10),
    "permitted": timedelta(seconds=90),
    "unknown": timedelta(minutes=30),
    "stopped": timedelta(minutes=30),
    "faulted": timedelta(minutes=30),
    "finished": timedelta(minutes=30),
}
"""From the state's beginning to its exit; on a machine it is 30 min past the expected end."""

LOST = dict.fromkeys(LEASED, "released") | dict.fromkeys(("permitted", *ON_MACHINE), "unknown")
"""What a new epoch of the agent's journal makes of a run."""

TAKEN_BACK = {"planned": "withdrawn", "offered": "withdrawn", **dict.fromkeys(LEASED, "released")}
MAY_STOP = ("permitted", *ON_MACHINE, "unknown")
