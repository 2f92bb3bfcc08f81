"""`make proof` has PROOF_MINUTES in all: each of its tests names its share, and ends when that is used up, and what the
tests before it have left of theirs.

Shares say what a test may take on a slow day if all others are as slow. Tests that name a group use one share up
together, in the order in which they are run.
"""

import os
import time
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass

import pytest

PROOF_MINUTES = float(os.environ.get("PROOF_MINUTES", "88"))
_BUDGET = pytest.StashKey["Budget"]()
_LEAST_S = 1.0
"""A time-out of 0 would be none."""


@dataclass(slots=True)
class Budget:
    """Seconds, by group; a test without one is a group of its own."""

    left_s: dict[str, float]
    waiting: Counter[str]
    """Tests of each group that haven't ended."""
    spare_s: float = 0.0
    """What groups that have ended didn't use."""

    def of(self, group: str) -> float:
        return max(self.left_s[group] + self.spare_s, _LEAST_S)

    def ended(self, group: str, took_s: float) -> None:
        self.waiting[group] -= 1
        self.left_s[group] -= took_s
        if self.left_s[group] < 0.0 or not self.waiting[group]:
            self.spare_s += self.left_s[group]
            self.left_s[group] = 0.0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Raises UsageError where a share is missing, or they come to more than the whole."""
    budget = Budget({}, Counter())
    for item in items:
        proof = item.get_closest_marker("proof")
        if proof is None:
            continue
        share, group = proof.kwargs.get("share"), proof.kwargs.get("group", item.nodeid)
        if not isinstance(share, float):
            raise pytest.UsageError(f"{item.nodeid}: say @pytest.mark.proof(share=…), its share of PROOF_MINUTES")
        if budget.left_s.setdefault(group, share * PROOF_MINUTES * 60) != share * PROOF_MINUTES * 60:
            raise pytest.UsageError(f"{item.nodeid}: the group {group!r} has another share elsewhere")
        budget.waiting[group] += 1
    if (total := sum(budget.left_s.values()) / (PROOF_MINUTES * 60)) > 1.0:
        raise pytest.UsageError(f"the proof's shares come to {total:.2f}: make room, or raise PROOF_MINUTES")
    config.stash[_BUDGET] = budget


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What its group has left, and what others before it have left unused, is a test's time-out."""
    proof = item.get_closest_marker("proof")
    if proof is None:
        return (yield)
    budget, group = item.config.stash[_BUDGET], proof.kwargs.get("group", item.nodeid)
    item.add_marker(pytest.mark.timeout(budget.of(group)), append=False)
    began = time.monotonic()
    try:
        return (yield)
    finally:
        budget.ended(group, time.monotonic() - began)
