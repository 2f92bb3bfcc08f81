"""The owner's policy and limits as they are on the disk now: read anew once they have changed, without a restart."""

from pathlib import Path

from shop_agent.errors import BadConfig
from shop_agent.settings import AgentConfig, Policy, limits_path, load_policy, machine_limits
from slicer_bridge.programs.limits import MachineLimits

Stamp = tuple[int, int, int] | None


class PolicyFiles:
    """`policy` is the last one that was in order, and stays in force while the files are not."""

    def __init__(self, config: AgentConfig, policy: Policy, machine: str = "") -> None:
        """`machine`: only its limits are looked at, not those of all."""
        self._config = config
        self._machine = machine
        self.policy = policy
        self._paths = self._paths_of(policy)
        self._stamps = self._look()

    def changed(self) -> Policy | None:
        """The policy, if it or a machine's limits have changed since this was asked last.

        Raises BadConfig, once for each change, if they are not in order.
        """
        stamps = self._look()
        if stamps == self._stamps:
            return None
        self._stamps = stamps
        policy = load_policy(self._config)
        paths = self._paths_of(policy)
        if paths != self._paths:
            self._paths, self._stamps = paths, []
            return self.changed()
        for name in self._names():
            machine_limits(self._config, policy, name)
        self.policy = policy
        return policy

    def _look(self) -> list[Stamp]:
        return [_stamp(path) for path in self._paths]

    def _paths_of(self, policy: Policy) -> list[Path]:
        return [self._config.policy, *(limits_path(self._config, policy, name) for name in self._names())]

    def _names(self) -> list[str]:
        return [self._machine] if self._machine else [machine.name for machine in self._config.machines]


class LimitsFiles:
    """Of one machine, for every line that is sent to it."""

    def __init__(self, config: AgentConfig, policy: Policy, machine: str) -> None:
        self._files = PolicyFiles(config, policy, machine)
        self._config = config
        self._machine = machine

    def changed(self) -> MachineLimits | None:
        """None as well while the files are not in order: then what was goes on, and nothing new starts."""
        try:
            policy = self._files.changed()
            return None if policy is None else machine_limits(self._config, policy, self._machine)
        except BadConfig:
            return None


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
