"""Check mode before a program's first run: the firmware parses every line and answers it, and nothing moves.

The line checker, which may judge each line once only, judges them here, so that a refused line too is found before
motion; what it has passed is kept, and the run sends exactly that. The check ends at the first line that would act in
check mode as well: one that writes what is stored, or switches an output. The others are judged and sent in the run.
Check mode is left by a reset, whichever way it ends.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain

from drivers.base import State
from drivers.errors import NotReady, RejectedByFirmware
from drivers.grbl.holding import Holding
from drivers.grbl.lines import lasts, tool_change
from drivers.grbl.reports import Triple

Numbered = tuple[int, str]
DOING = "checking the program: nothing moves"


class Checking(Holding):
    _checked: frozenset[bytes] = frozenset()
    """Digests of programs that this machine's firmware has passed."""
    check_refused = ""
    """Why this firmware has no check mode."""

    def checked(self, lines: Sequence[str], program: Iterator[Numbered]) -> Iterator[Numbered]:
        """What is to be streamed: the program, after a check if it has not had one.

        Raises RejectedByFirmware, and NotReady if the machine is not as it was.
        """
        digest = self._digest(lines)
        if digest in self._checked or not self._entered():
            return program
        passed: list[Numbered] = []
        self.exchange.stream(self._harmless(program, passed), listen=True)
        self._leave()
        self._checked |= {digest}
        return chain(passed, program)

    def _digest(self, lines: Sequence[str]) -> bytes:
        """A firmware that was changed, or set up otherwise, has checked nothing yet."""
        told = f"{self.firmware}{sorted(self.settings.items())}\n"
        return hashlib.blake2b("\n".join([told, *lines]).encode("utf-8", "surrogatepass")).digest()

    def _entered(self) -> bool:
        self._before = self.fresh_report().machine
        refusal = self.check_refused or self._refusal()
        if refusal:
            self.readings.details["check"] = f"none: {refusal}"
            return False
        self.doing = DOING
        self.become(State.RUNNING)
        return True

    def _refusal(self) -> str:
        """Have the firmware enter check mode; why it has not. An `ok` alone is not taken for it: lines would move."""
        try:
            self.say("$C")
        except RejectedByFirmware as error:
            self.check_refused = error.answer
            return error.answer
        self.checking = True
        if self.fresh_report().state == "Check":
            return ""
        # It may be on all the same: then the run's lines would be answered, and not carried out.
        self._leave()
        return "$C is answered, but changes nothing"

    def _harmless(self, program: Iterator[Numbered], passed: list[Numbered]) -> Iterator[Numbered]:
        for number, line in program:
            passed.append((number, line))
            if lasts(line):
                self.readings.details["check"] = f"up to line {number}, which would act in check mode as well"
                return
            change = tool_change(line)
            if change is None:
                yield number, line
            elif change[1]:
                yield number, change[1]
        self.readings.details["check"] = "every line"

    def _leave(self) -> None:
        before: Triple | None = self._before
        with self.resetting():
            self.reset(brake=False)
        self.checking = False
        report = self.fresh_report()
        if report.state != "Idle" or report.machine != before:
            raise NotReady(f"after check mode the machine is {report.state} at {report.machine}, not Idle at {before}")
        self.doing = ""
        self.become(State.RUNNING)
