"""Hostile files: each answered quickly, in little memory, in words, and the parent lives on."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.slicer_bridge.hostile.corpus import CORPUS, write
from tests.slicer_bridge.hostile.trial import trial

REPRESENTATIVE = (
    "four-million-vertices.3mf",
    "instances-10-million.3mf",
    "lying-count.stl",
    "crashes-the-library.step",
    "block-in-itself.dxf",
    "billion-laughs.svg",
)


def _faults(folder: Path, names: tuple[str, ...]) -> list[str]:
    """Two at a time, as a broker does."""
    cases = [CORPUS[name] for name in names]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda case: trial(write(case, folder)), cases))
    return [f"{one.name}: {fault}" for one, case in zip(found, cases, strict=True) for fault in one.faults(case)]


def test_corpus_is_large_and_always_the_same() -> None:
    assert len(CORPUS) >= 60
    for name in REPRESENTATIVE:
        if name != "four-million-vertices.3mf":
            assert CORPUS[name].make() == CORPUS[name].make()
    assert {name.rpartition(".")[2] for name in CORPUS} >= {"stl", "obj", "3mf", "step", "dxf", "svg"}


@pytest.mark.timeout(600)
def test_representative_files(tmp_path: Path) -> None:
    assert _faults(tmp_path, REPRESENTATIVE) == []


@pytest.mark.proof(share=0.0373)
@pytest.mark.timeout(900)
def test_whole_corpus(tmp_path: Path) -> None:
    assert _faults(tmp_path, tuple(CORPUS)) == []
