"""`python -I grbl_streamer_host.py PORT FILE`: stream FILE by character counting with grbl-streamer, in the environment
that has it.

Says `ended` once everything was acknowledged, then keeps the port until standard input ends.
"""

import sys
import threading
from collections import defaultdict
from pathlib import Path

from grbl_streamer import GrblStreamer

PATIENCE_S = 60.0


class Events:
    """What the streamer tells by its callback, to be waited for."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._lock = threading.Lock()
        self.trouble: list[object] = []

    def __call__(self, event: str, *arguments: object) -> None:
        if event in {"on_error", "on_alarm"}:
            self.trouble.append(arguments)
        if event == "on_hash_stateupdate":
            # Its `ok` is still to come; this is the thread that will read it.
            self._event("on_rx_buffer_percent").clear()
        self._event(event).set()

    def _event(self, name: str) -> threading.Event:
        with self._lock:
            return self._seen[name]

    def forget(self, name: str) -> None:
        self._event(name).clear()

    def wait(self, name: str) -> None:
        if not self._event(name).wait(PATIENCE_S):
            raise TimeoutError(name)


def settle(streamer: GrblStreamer, events: Events) -> None:
    """Until all that the streamer asks by itself after a boot is answered: it would count that `ok` as a line's."""
    streamer.poll_stop()
    events.forget("on_hash_stateupdate")
    streamer.get_hash_state()
    events.wait("on_hash_stateupdate")
    events.wait("on_rx_buffer_percent")


def stream(streamer: GrblStreamer, events: Events, port: str, file: str) -> None:
    streamer.cnect(port, 115200)
    events.wait("on_boot")
    streamer.poll_start()
    events.wait("on_gcode_parser_stateupdate")
    settle(streamer, events)
    streamer.write(Path(file).read_text())
    events.forget("on_job_completed")
    streamer.job_run()
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
