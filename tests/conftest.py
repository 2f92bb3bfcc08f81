"""`make proof` has PROOF_MINUTES in all: each of its tests names its share, and ends when that is used up.

Tests that name a group use one share up together, in the order in which they are run.
"""

import os
import time
from collections.abc import Generator

import pytest

PROOF_MINUTES = float(os.environ.get("PROOF_MINUTES", "88"))
_LEFT_S = pytest.StashKey[dict[str, float]]()
_LEAST_S = 1.0
"""A time-out of 0 would be none."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Raises UsageError where a share is missing, or they come to more than the whole."""
    left_s: dict[str, float] = {}
    for item in items:
        proof = item.get_closest_marker("proof")
        if proof is None:
            continue
        share, group = proof.kwargs.get("share"), proof.kwargs.get("group", item.nodeid)
        if not isinstance(share, float):
            raise pytest.UsageError(f"{item.nodeid}: say @pytest.mark.proof(share=…), its share of PROOF_MINUTES")
        if left_s.setdefault(group, share * PROOF_MINUTES * 60) != share * PROOF_MINUTES * 60:
            raise pytest.UsageError(f"{item.nodeid}: the group {group!r} has another share elsewhere")
    if (total := sum(left_s.values()) / (PROOF_MINUTES * 60)) > 1.0:
        raise pytest.UsageError(f"the proof's shares come to {total:.2f}: make room, or raise PROOF_MINUTES")
    config.stash[_LEFT_S] = left_s


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What is left of its share is a test's time-out."""
    proof = item.get_closest_marker("proof")
    if proof is None:
        return (yield)
    left_s, group = item.config.stash[_LEFT_S], proof.kwargs.get("group", item.nodeid)
    item.add_marker(pytest.mark.timeout(max(left_s[group], _LEAST_S)), append=False)
    began = time.monotonic()
    try:
        return (yield)
    finally:
        left_s[group] -= time.monotonic() - began
