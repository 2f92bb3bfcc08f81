"""Follow an order until it ends; a broker that is away for a while is waited for."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from broker.client.errors import Refused, Unreachable
from broker.client.http import Client
from broker.wire.rest import OrderView
from broker.wire.tracking import RunView

ENDED = frozenset({"delivered", "cancelled"})
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class Look:
    order: OrderView
    runs: tuple[RunView, ...]
    """Empty unless they were asked for."""


def changes(
    client: Client, order_id: str, every_s: float, patience_s: float, *, with_runs: bool = False
) -> Iterator[Look]:
    """The order now, then whenever what is seen of it has changed; ends after the look at its end.

    Raises Refused, and Unreachable after `patience_s` without an answer.
    """
    seen: Look | None = None
    answered_at = time.monotonic()
    while True:
        try:
            look = Look(client.order(order_id), client.runs(order_id) if with_runs else ())
        except (Refused, Unreachable) as error:
            ours = isinstance(error, Refused) and error.problem.status < _SERVER_FAULT
            if ours or time.monotonic() - answered_at > patience_s:
                raise
        else:
            answered_at = time.monotonic()
            if look != seen:
                seen = look
                yield look
            if look.order.state in ENDED:
                return
        time.sleep(every_s)
