"""`docs/adding-a-driver.md` shows the source as it is, and its example stays small."""

import subprocess
import sys

import pytest

from drivers.registry import DRIVERS
from tests.repository.test_documents import blocks, found, spans, text_of
from tests.repository.test_layout import ROOT

GUIDE = "docs/adding-a-driver.md"
LONGEST = 300
SNIPPETS = [text for language, text in blocks(GUIDE) if language in ("python", "text")]
SHOWN = [text for text in SNIPPETS if text.startswith("# ")]
RUN = [text for text in SNIPPETS if not text.startswith("# ")]


def test_the_guide_is_short() -> None:
    assert text_of(GUIDE).count("\n") <= LONGEST


def test_the_example_is_short() -> None:
    files = (ROOT / "drivers" / "prusalink").glob("*.py")
    assert sum(file.read_text().count("\n") for file in files) < LONGEST


def test_the_guide_shows_something() -> None:
    assert len(SHOWN) >= 10
    assert RUN


@pytest.mark.parametrize("snippet", SHOWN)
def test_what_it_shows_is_in_the_source(snippet: str) -> None:
    name, _, code = snippet.removeprefix("# ").partition("\n")
    assert code in (ROOT / name).read_text(encoding="utf-8"), f"not in {name}:\n{code}"


@pytest.mark.parametrize("snippet", RUN)
def test_what_is_to_be_run_runs(snippet: str) -> None:
    done = subprocess.run([sys.executable, "-c", snippet], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_names_in_its_text_are_there() -> None:
    named = [span for span in spans(GUIDE) if span.startswith("drivers.")]
    assert len(named) >= 8
    assert [name for name in named if not found(name)] == []


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_every_driver_has_its_row(driver: str) -> None:
    assert text_of("docs/machines.md").count(f"\n| `{driver}` |") == 1
