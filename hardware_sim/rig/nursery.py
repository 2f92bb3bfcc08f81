"""Starts machines by fork, since a hundred interpreters would cost a hundred times the imports and the memory.

`python -m hardware_sim.rig.nursery ENDINGS`: each line on its standard input is a `Birth`; each machine that
ends by itself becomes a line of the file ENDINGS. When its input ends, or on SIGTERM, it ends them all.
"""

import gc
import os
import select
import signal
import sys
import time
import traceback
from importlib import import_module
from math import inf
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pydantic import BaseModel, ConfigDict

from hardware_sim.firmware.config import Link, MachineConfig
from hardware_sim.firmware.serve import Server

GRACE_S = 5.0
LOOK_S = 0.25
"""How often to look who has ended, at least."""


class Birth(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    config: MachineConfig
    log: Path
    """What the process itself writes."""


class Ending(BaseModel):
    """A machine's process that is gone; `code` as in `os.waitstatus_to_exitcode`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    code: int


class Nursery:
    def __init__(self, endings: Path) -> None:
        self._endings = endings
        self._names: dict[int, str] = {}

    def serve(self) -> None:
        """Until the input ends."""
        received = b""
        while True:
            if select.select([0], [], [], LOOK_S)[0]:
                data = os.read(0, 65536)
                if not data:
                    return
                *lines, received = (received + data).split(b"\n")
                for line in lines:
                    self._bear(Birth.model_validate_json(line))
            self._reap()

    def _bear(self, birth: Birth) -> None:
        if birth.config.link is Link.HTTP:
            # Their web server too is imported once for all of them.
            import_module("hardware_sim.hosts.computer")
        # What stands in memory now is not touched again, and so stays shared between all machines.
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            _live(birth)
        self._names[pid] = birth.config.name

    def _reap(self) -> None:
        """Write down who has ended."""
        while self._names:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            ending = Ending(name=self._names.pop(pid), code=os.waitstatus_to_exitcode(status))
            with self._endings.open("a", encoding="utf-8") as file:
                file.write(ending.model_dump_json() + "\n")

    def end(self) -> None:
        """SIGTERM to all, SIGKILL to those still there after `GRACE_S`."""
        for number, grace_s in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, inf)):
            for pid in self._names:
                os.kill(pid, number)
            deadline = time.monotonic() + grace_s
            while self._names and time.monotonic() < deadline:
                self._reap()
                time.sleep(0.01)


def _live(birth: Birth) -> NoReturn:
    """The child: a machine's process like any other, whose parent is the nursery."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(birth.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for descriptor, source in enumerate((nothing, log, log)):
            os.dup2(source, descriptor)
        Server(birth.config).run()
        code = 0
    except BaseException:  # noqa: BLE001  it must not return into the nursery; its log says why
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _finish(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit


def main(endings: Path) -> None:
    nursery = Nursery(endings)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _finish)
    gc.collect()
    try:
        nursery.serve()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        nursery.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
