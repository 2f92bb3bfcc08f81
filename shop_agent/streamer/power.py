"""What is left when a machine doesn't confirm its safe end state: a relay that cuts its power, or an alarm.

The alarm is the reason of the fault, which stands wherever the machine and the run do.
"""

import logging
import subprocess
from collections.abc import Sequence

from drivers.base import Capabilities, LostLink

GO_AND_LOOK = "heaters may be ON, go and look"
POWER_OFF_S = 20.0
"""Longest that the owner's command may take."""
_LOG = logging.getLogger("llagar.power")


class PowerCut:
    """The owner's command, an empty one if there is no relay."""

    def __init__(self, command: Sequence[str], timeout_s: float = POWER_OFF_S) -> None:
        self._command = tuple(command)
        self._timeout_s = timeout_s

    def cut(self) -> str:
        """Run it; how it went, for people. It may be repeated."""
        if not self._command:
            return GO_AND_LOOK
        failure = self._run()
        outcome = f"the relay failed: {failure}; {GO_AND_LOOK}" if failure else "power was cut by the relay"
        _LOG.warning("%s", outcome)
        return outcome

    def _run(self) -> str:
        """Why it failed; empty if it didn't."""
        try:
            done = subprocess.run(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{self._command[0]} did not end within {self._timeout_s:g} s"
        except OSError as error:
            return f"{self._command[0]} can't be run: {error}"
        said = done.stdout.decode(errors="replace").strip()
        _LOG.info("%s ended with %d: %s", self._command[0], done.returncode, said)
        if done.returncode == 0:
            return ""
        return f"{self._command[0]} ended with {done.returncode}" + (f": {said.splitlines()[-1]}" if said else "")


def lost_link_text(ability: Capabilities, *, relay: bool) -> str:
    """What becomes of a machine whose link is gone, step by step."""
    if ability.attested:
        return "has no link: only the person at it knows"
    last = f"cuts the power by its relay; if that fails too: {GO_AND_LOOK}" if relay else GO_AND_LOOK
    if ability.lost_link is LostLink.ALARM_ONLY:
        return last if relay else ability.lost_link.value
    return f"{ability.lost_link}; failing that, {last}"
