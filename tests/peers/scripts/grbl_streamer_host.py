"""`python -I grbl_streamer_host.py PORT FILE`: stream FILE by character counting with grbl-streamer, in the environment
that has it.

Says `ended` once everything was acknowledged, then keeps the port until standard input ends.
"""

import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from grbl_streamer import GrblStreamer

PATIENCE_S = 60.0


class Events:
    """What the streamer tells by its callback, to be waited for."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._lock = threading.Lock()
        self._all_answered = False
        self.start: Callable[[], None] | None = None
        """To be called, once, when everything that the streamer asked by itself is answered."""
        self.trouble: list[object] = []

    def __call__(self, event: str, *arguments: object) -> None:
        if event in {"on_error", "on_alarm"}:
            self.trouble.append(arguments)
        if self.start is not None:
            self._begin_after(event)
        self._event(event).set()

    def _begin_after(self, event: str) -> None:
        """The hash state's own `ok` comes last; this is told of every `ok`, in the thread that reads them."""
        if event == "on_hash_stateupdate":
            self._all_answered = True
        elif event == "on_rx_buffer_percent" and self._all_answered:
            start, self.start = self.start, None
            self._event("on_job_completed").clear()
            assert start is not None
            start()

    def _event(self, name: str) -> threading.Event:
        with self._lock:
            return self._seen[name]

    def wait(self, name: str) -> None:
        if not self._event(name).wait(PATIENCE_S):
            raise TimeoutError(name)


def stream(streamer: GrblStreamer, events: Events, port: str, file: str) -> None:
    """An `ok` to anything else would be counted as a line's; and the thread that reads must begin the job: two that
    choose lines at once send one twice and another never, since nothing guards the line that is next.
    """
    streamer.cnect(port, 115200)
    events.wait("on_boot")
    streamer.poll_start()
    events.wait("on_gcode_parser_stateupdate")
    streamer.poll_stop()
    streamer.write(Path(file).read_text())
    begun = threading.Event()

    def start() -> None:
        streamer.job_run()
        begun.set()

    events.start = start
    streamer.get_hash_state()
    if not begun.wait(PATIENCE_S):
        raise TimeoutError("the answer to $#")
    events.wait("on_job_completed")


def main(port: str, file: str) -> int:
    events = Events()
    streamer = GrblStreamer(events)
    try:
        stream(streamer, events, port, file)
    except TimeoutError as error:
        print(f"never came: {error}, {events.trouble}", flush=True)
    else:
        print(*(["ended"] if not events.trouble else events.trouble), flush=True)
    sys.stdin.read()
    streamer.disconnect()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
