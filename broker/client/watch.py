"""Follow an order until it ends; a broker that is away for a while is waited for."""

import time
from collections.abc import Iterator

from broker.client.errors import Refused, Unreachable
from broker.client.http import Client
from broker.wire.rest import OrderView

ENDED = frozenset({"delivered", "cancelled"})
_SERVER_FAULT = 500


def changes(client: Client, order_id: str, every_s: float, patience_s: float) -> Iterator[OrderView]:
    """The order now, then whenever it has changed; ends after the view of its end.

    Raises Refused, and Unreachable after `patience_s` without an answer.
    """
    seen: OrderView | None = None
    answered_at = time.monotonic()
    while True:
        try:
            order = client.order(order_id)
        except (Refused, Unreachable) as error:
            ours = isinstance(error, Refused) and error.problem.status < _SERVER_FAULT
            if ours or time.monotonic() - answered_at > patience_s:
                raise
        else:
            answered_at = time.monotonic()
            if order != seen:
                seen = order
                yield order
            if order.state in ENDED:
                return
        time.sleep(every_s)
