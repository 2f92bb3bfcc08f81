"""`make proof` has PROOF_MINUTES in all: each of its tests names its share, and ends when that is used up."""

import os

import pytest

PROOF_MINUTES = float(os.environ.get("PROOF_MINUTES", "30"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shares become time-outs. Raises UsageError where one is missing or they come to more than the whole."""
    total = 0.0
    for item in items:
        proof = item.get_closest_marker("proof")
        if proof is None:
            continue
        share = proof.kwargs.get("share")
        if not isinstance(share, float):
            raise pytest.UsageError(f"{item.nodeid}: say @pytest.mark.proof(share=…), its share of PROOF_MINUTES")
        total += share
        item.add_marker(pytest.mark.timeout(share * PROOF_MINUTES * 60), append=False)
    if total > 1.0:
        raise pytest.UsageError(f"the proof's shares come to {total:.2f}: make room, or raise PROOF_MINUTES")
