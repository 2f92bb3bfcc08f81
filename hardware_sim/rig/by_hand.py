"""What another terminal does to the machines of a rig that is up; each deed is written down for a replay."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from hardware_sim.faults import After, FaultKind
from hardware_sim.firmware.acts import Command, InjectFault, Summary
from hardware_sim.firmware.config import FaultConfig
from hardware_sim.rig.errors import BadWords
from hardware_sim.rig.folder import RigState, find
from hardware_sim.rig.hands import Reply, Stand, ask
from hardware_sim.rig.plan import Planned, words

_COMMAND: TypeAdapter[Command] = TypeAdapter(Command)


class Deed(BaseModel):
    """A command, when it came, and in which job of the machine: after `moves` deposits or cuts of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: datetime
    machine: str
    command: Command
    job: int
    """The job under way, or the next; counted from 1."""
    moves: int

    def fault(self) -> FaultConfig | None:
        """The fault that it brought about, as one that is planned to happen in the same place."""
        if not isinstance(self.command, InjectFault):
            return None
        given = self.command.fault
        job = given.job or self.job
        at_once = given.at == 0.0 and given.fault().after is After.SECONDS and job == self.job
        if at_once and self.moves:
            return given.model_copy(update={"job": job, "after": After.MOVES, "at": float(self.moves)})
        return given.model_copy(update={"job": job})


def commands() -> dict[str, type[BaseModel]]:
    """Every command that hands have, by its name; a fault has a command line of its own."""
    hands = (one for one in get_args(get_args(Command)[0]) if one is not InjectFault)
    return {str(get_args(one.model_fields["command"].annotation)[0]): one for one in hands}


def fault_of(kind: FaultKind, given: dict[str, object]) -> FaultConfig:
    """Raises BadWords."""
    try:
        return FaultConfig.model_validate({"kind": kind, **given})
    except ValidationError as error:
        key, wrong = words(error)
        known = ", ".join(name for name in FaultConfig.model_fields if name != "kind")
        raise BadWords(f"{kind}: {key}: {wrong}; a fault has {known}") from error


def command_of(name: str, given: dict[str, object]) -> Command:
    """Raises BadWords."""
    known = commands()
    if name not in known:
        raise BadWords(f"there is no command {name!r}; there are: {', '.join(sorted(known))}")
    try:
        return _COMMAND.validate_python({"command": name, **given})
    except ValidationError as error:
        key, wrong = words(error)
        fields = ", ".join(field for field in known[name].model_fields if field != "command") or "no keys"
        raise BadWords(f"{name}: {key.partition('.')[2] or key}: {wrong}; it takes {fields}") from error


def pairs(given: Sequence[str]) -> dict[str, object]:
    """From words such as `grams=500`. Raises BadWords."""
    found: dict[str, object] = {}
    for word in given:
        key, is_pair, value = word.partition("=")
        if not is_pair:
            raise BadWords(f"{word!r}: say it as KEY=VALUE")
        found[key] = value
    return found


def carry_out(place: Path | None, machine: str, command: Command) -> Reply:
    """Raises NoRig, BadWords, Refused."""
    state = find(place)
    planned = _machine(state, machine)
    control = planned.config.control
    stand = Stand.model_validate(ask(machine, control, Summary(command="summary")))
    reply = ask(machine, control, command)
    episode = stand.episode
    in_job = episode is not None and episode.job > 0
    deed = Deed(
        at=datetime.now(UTC),
        machine=machine,
        command=command,
        job=episode.job if episode is not None and in_job else stand.counters.jobs + 1,
        moves=episode.deposits + episode.cuts if episode is not None and in_job else 0,
    )
    if not isinstance(command, Summary):
        with state.by_hand.open("a", encoding="utf-8") as file:
            file.write(deed.model_dump_json() + "\n")
    return reply


def read_deeds(text: str) -> list[Deed]:
    return [Deed.model_validate_json(line) for line in text.splitlines()]


def _machine(state: RigState, name: str) -> Planned:
    plan = state.plan()
    machine = plan.machine(name)
    if machine is None:
        names = [one.name for one in plan.machines]
        more = f" … ({len(names)} in all)" if len(names) > 20 else ""
        raise BadWords(f"there is no machine {name!r}; there are: {', '.join(names[:20])}{more}")
    return machine
