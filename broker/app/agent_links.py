"""WebSockets as the server makes them, at less cost for each message."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class Links(WebSocketsSansIOProtocol):
    """It stops reading once a message waits behind another, and not for every message.

    The server's own stops and begins again around each: two calls into the kernel, which cost as much as all the rest
    of a short message's way. What a peer that sends too fast can make wait is two messages instead of one.
    """

    def send_receive_event_to_app(self) -> None:
        if self.read_paused or not self.queue.empty():
            super().send_receive_event_to_app()
            return
        self.read_paused = True  # so that it isn't paused now
        super().send_receive_event_to_app()
        self.read_paused = False
