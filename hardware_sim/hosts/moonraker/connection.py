"""One WebSocket of Moonraker's: its messages in order, and what it has subscribed to."""

import asyncio
import itertools
import json

from starlette.websockets import WebSocket, WebSocketDisconnect

from hardware_sim.hosts.web import Json

Subscription = dict[str, list[str] | None]
_IDS = itertools.count(1)


class Connection:
    def __init__(self, socket: WebSocket, admitted: bool) -> None:
        self.number = next(_IDS)
        self.admitted = admitted
        self.identified = False
        self.subscription: Subscription = {}
        self._socket = socket
        self._seen: dict[str, Json] = {}
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()

    async def send_all(self) -> None:
        """Until the other end is gone."""
        try:
            while True:
                await self._socket.send_text(await self._outgoing.get())
        except (WebSocketDisconnect, RuntimeError):
            return  # whoever reads from this connection notices too

    def put(self, message: object) -> None:
        self._outgoing.put_nowait(json.dumps(message))

    def notify(self, name: str, *params: object) -> None:
        message: Json = {"jsonrpc": "2.0", "method": f"notify_{name}"}
        if params:
            message["params"] = list(params)
        if self.admitted:
            self.put(message)

    def subscribe(self, subscription: Subscription, status: dict[str, Json]) -> dict[str, Json]:
        """A new one replaces the one before; returns all that it covers."""
        self.subscription = subscription
        self._seen = chosen(subscription, status)
        return self._seen

    def changes(self, status: dict[str, Json]) -> dict[str, Json]:
        """What is new since the last call."""
        if not self.subscription:
            return {}
        now = chosen(self.subscription, status)
        found = {}
        for name, fields in now.items():
            before = self._seen.get(name, {})
            changed = {key: value for key, value in fields.items() if key not in before or before[key] != value}
            if changed:
                found[name] = changed
        self._seen = now
        return found


def chosen(subscription: Subscription, status: dict[str, Json]) -> dict[str, Json]:
    """Objects and fields that don't exist are left out, and nobody is told."""
    return {
        name: {key: value for key, value in status[name].items() if fields is None or key in fields}
        for name, fields in subscription.items()
        if name in status
    }
