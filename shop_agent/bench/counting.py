"""Pieces counted in a terminal: good, scrap and why, lot by lot."""

from collections.abc import Sequence

from rich.console import Console
from rich.prompt import IntPrompt, Prompt

from broker.wire.messages import LotCount, Scrap, ScrapReason
from shop_agent.bench import schemas


class Counting:
    def __init__(self, console: Console) -> None:
        self._console = console

    def ask(self, expected: Sequence[schemas.Expected]) -> tuple[LotCount, ...]:
        return tuple(self._lot(one) for one in expected)

    def _lot(self, expected: schemas.Expected) -> LotCount:
        ask = f"Lot {expected.lot}: good pieces of {expected.pieces}"
        good = IntPrompt.ask(ask, console=self._console, default=expected.pieces)
        return LotCount(lot=expected.lot, good=good, scrap=self._scrap(expected.pieces - good))

    def _scrap(self, left: int) -> tuple[Scrap, ...]:
        """Reason by reason, until all that is not good has one; 0: what is left was never made."""
        scrap: list[Scrap] = []
        while left > 0:
            pieces = IntPrompt.ask("scrap pieces", console=self._console, default=left)
            if pieces <= 0:
                break
            reason = Prompt.ask(
                "why", console=self._console, choices=[str(one) for one in ScrapReason], default="other"
            )
            scrap.append(Scrap(reason=ScrapReason(reason), pieces=pieces))
            left -= pieces
        return tuple(scrap)
