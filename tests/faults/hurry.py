"""Waits and work that are shortened in the processes of a faulty world, so that more happens in a minute.

Each bounds a load, or how long somebody is waited for, or is done ahead of need: that nothing is lost and nothing
is done twice hangs on none.
Processes import this before anything else: standard library alone.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import ModuleType

POLLS = "LLAGAR_FAULTS_POLLS"
OFFER_LIFE_S = 8.0
GRACE_S = 6.0


def _values(**values: object) -> Callable[[ModuleType], None]:
    def hurry(module: ModuleType) -> None:
        for name, value in values.items():
            getattr(module, name)  # raises where it is gone
            setattr(module, name, value)

    return hurry


def _offers_lapse_soon(standings: ModuleType) -> None:
    offered = standings.RunState.OFFERED
    standing = standings.STANDINGS[offered]
    timer = replace(standing.timer, after=timedelta(seconds=OFFER_LIFE_S))
    standings.STANDINGS[offered] = replace(standing, timer=timer)


def nothing() -> None:
    """What planning workers do before they are asked: each loads the loops that it needs when it is."""


def _no_websocket_gets_through(socket: ModuleType) -> None:
    """In a shop that is behind something old; what else there is stays as it is."""

    async def barred(*_: object, **__: object) -> None:
        raise socket.WebSocketException("something in between knows no WebSocket")

    if POLLS in os.environ:
        vars(socket)["connect"] = barred


HURRIED: Mapping[str, Callable[[ModuleType], None]] = {
    "shop_agent.link.conversation": _values(SHORTEST_WAIT_S=0.3, LONGEST_WAIT_S=3.0),
    "shop_agent.link.socket": _no_websocket_gets_through,
    "shop_agent.state.permit_rules": _values(DENIED_S=1.0),
    "broker.wire.standings": _offers_lapse_soon,
    "broker.planning.solving": _values(_WORKERS=1, heat_planning=nothing),
    "broker.runs.timers": _values(RESTART_GRACE=timedelta(seconds=GRACE_S)),
}
