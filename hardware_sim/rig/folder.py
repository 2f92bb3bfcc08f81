"""A rig's folder, and how another terminal finds it.

`rig.json` names folder and machines. It stands in the folder itself, in the folder of ports, and under
the folder's name among the user's rigs; whether the rig still runs is told by a lock, not by a process id.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hardware_sim.rig.errors import NoRig
from hardware_sim.rig.plan import Plan

PREFIX = "llagar-rig-up-"
STATE = "rig.json"
_LOCK = "lock"


class RigState(BaseModel):
    """`command`: the words that started it; times are aware UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    ports: Path
    command: tuple[str, ...]
    started_at: datetime
    keep: bool

    @property
    def plan_file(self) -> Path:
        return self.folder / "plan.json"

    @property
    def rig_file(self) -> Path:
        """The rig.toml as it was read."""
        return self.folder / "rig.toml"

    @property
    def by_hand(self) -> Path:
        """What other terminals did to the machines."""
        return self.folder / "by_hand.jsonl"

    @property
    def endings(self) -> Path:
        """Machines whose process ended by itself."""
        return self.folder / "endings.jsonl"

    def log(self, machine: str) -> Path:
        """What the machine's process itself wrote."""
        return self.folder / "logs" / f"{machine}.log"

    def summary(self, machine: str) -> Path:
        """How the machine stood when the rig ended."""
        return self.folder / "machines" / machine / "summary.json"

    def plan(self) -> Plan:
        return Plan.model_validate_json(self.plan_file.read_bytes())

    def runs(self) -> bool:
        try:
            with (self.folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def announce(self) -> None:
        """Let others find it."""
        text = self.model_dump_json(indent=1)
        for place in self._places():
            place.write_text(text + "\n", encoding="utf-8")

    def retire(self) -> None:
        """The ports are gone; the folder and its entry among the user's rigs stay, for a report."""
        (self.ports / STATE).unlink(missing_ok=True)

    def remove(self) -> None:
        if self.folder.name.startswith(PREFIX):
            shutil.rmtree(self.folder, ignore_errors=True)
        _entry(self.folder).unlink(missing_ok=True)

    def _places(self) -> tuple[Path, ...]:
        return (self.folder / STATE, self.ports / STATE, _entry(self.folder))


def fresh_folder() -> Path:
    """One that only this user can read, short enough for sockets."""
    return Path(tempfile.mkdtemp(prefix=PREFIX))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """For as long, the rig counts as running; the lock ends with this process, however that ends."""
    with (folder / _LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sweep() -> None:
    """Remove the folders of rigs that have ended and weren't to be kept."""
    for state in rigs():
        if not state.keep and not state.runs():
            state.remove()


def rigs() -> list[RigState]:
    """The user's rigs whose folder is still there, those that have ended included; the latest last."""
    found = [read_state(path) for path in _entries().glob("*.json")]
    there = (state for state in found if state is not None and state.folder.exists())
    return sorted(there, key=lambda state: state.started_at)


def find(place: Path | None) -> RigState:
    """The rig that runs: the one with its ports in that folder, or the only one. Raises NoRig."""
    if place is not None:
        state = _in(place)
        if not state.runs():
            raise NoRig(f"{place}: the rig that had its ports there has ended")
        return state
    running = [state for state in rigs() if state.runs()]
    match running:
        case [state]:
            return state
        case []:
            raise NoRig("no rig is running; start one with: llagar-rig up rig.toml")
        case _:
            raise NoRig(f"several rigs are running; choose one:\n{_choices(running)}")


def find_any(place: Path | None) -> RigState:
    """As `find`; but a rig that has ended will do, the last of them if none runs. Raises NoRig."""
    if place is not None:
        return _in(place)
    known = rigs()
    if not known or any(state.runs() for state in known):
        return find(None)
    return known[-1]


def read_state(path: Path) -> RigState | None:
    """None where there is no such file. Raises NoRig for one that isn't a rig's."""
    try:
        return RigState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise NoRig(f"{path} isn't the state of a rig: remove it") from error


def _in(place: Path) -> RigState:
    """The folder of ports, or the rig's own; ports of a rig that has ended are known to it no more."""
    state = read_state(place / STATE)
    if state is None:
        raise NoRig(f"{place}: no rig has its ports there")
    return state


def _choices(running: list[RigState]) -> str:
    return "\n".join(f"  --rig {state.ports}   ({' '.join(state.command)})" for state in running)


def _entry(folder: Path) -> Path:
    return _entries() / f"{folder.name}.json"


def _entries() -> Path:
    """Of this user alone: whoever writes here decides which sockets are spoken to, and which folders removed."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    own = Path(tempfile.gettempdir()) / f"llagar-rig-{os.getuid()}"
    base = Path(runtime) / "llagar-rig" if runtime and Path(runtime).is_dir() else own
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    if base.stat().st_uid != os.getuid():
        raise NoRig(f"{base} belongs to another user: set XDG_RUNTIME_DIR to a folder of your own")
    return base
