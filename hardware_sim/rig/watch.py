"""Looking at a rig that is up, again and again: how each machine stands, and what has happened since."""

import time
from collections.abc import Mapping

from hardware_sim.rig.folder import RigState
from hardware_sim.rig.hands import Panels, Stand
from hardware_sim.rig.holders import Holder, address, holders
from hardware_sim.rig.logs import LogTail, words
from hardware_sim.rig.plan import Plan
from hardware_sim.rig.processes import Machines
from hardware_sim.rig.view import ENDED, SILENT, RigView, machine_view

PATIENCE_S = 1.0


class Watch:
    def __init__(self, state: RigState, plan: Plan, machines: Machines, panels: Panels) -> None:
        self._state = state
        self._plan = plan
        self._machines = machines
        self._panels = panels
        self._began = time.monotonic()
        self._tails = {one.name: LogTail(one.config.folder / "log.jsonl") for one in plan.machines}
        self._fired: dict[str, list[str]] = {one.name: [] for one in plan.machines}
        self._held: Mapping[str, tuple[Holder, ...]] = {}
        self._ended: set[str] = set()

    def look(self) -> RigView:
        """Raises ProcessEnded if the machines have nobody to start them any more."""
        self._machines.require_nursery()
        stands = self._panels.look(PATIENCE_S)
        addresses = {one.name: address(one.config.port) for one in self._plan.machines}
        held = holders(addresses)
        news = (*self._read_logs(), *self._changes(held), *self._deaths())
        self._held = held
        views = tuple(
            machine_view(
                one,
                addresses[one.name],
                stands.get(one.name),
                ENDED if one.name in self._ended else SILENT,
                self._fired[one.name],
                held.get(one.name, ()),
            )
            for one in self._plan.machines
        )
        count = "1 machine" if len(views) == 1 else f"{len(views)} machines"
        title = f"{count}   seed {self._plan.seed}   {time.monotonic() - self._began:.0f} s"
        return RigView(f"{title}   ports in {self._state.ports}", views, news)

    def stands(self) -> dict[str, Stand]:
        """Once more before the end; all truth up to now is in the machines' files then."""
        return self._panels.look(PATIENCE_S)

    def _read_logs(self) -> list[str]:
        told = []
        for name, tail in self._tails.items():
            for line in tail.new():
                if line.event == "fault":
                    self._fired[name].append(str(line.details().get("kind", "")))
                told.append(words(line))
        return told

    def _changes(self, held: Mapping[str, tuple[Holder, ...]]) -> list[str]:
        """Who has opened a port, and who has let go of it."""
        told = []
        for name, now in held.items():
            before = self._held.get(name, ())
            told += [f"{name}: opened by {one.command} {one.pid}" for one in now if one not in before]
            told += [f"{name}: let go by {one.command} {one.pid}" for one in before if one not in now]
        return told

    def _deaths(self) -> list[str]:
        fresh = [ending for ending in self._machines.endings() if ending.name not in self._ended]
        self._ended |= {ending.name for ending in fresh}
        return [self._machines.obituary(ending) for ending in fresh]
