"""`python -m tests.corpus FOLDER [--out docs/corpus.md]`: every file of a folder through every verb, as a table."""

import argparse
import tempfile
from pathlib import Path

from rich.progress import track

from tests.corpus.steps import ROOT, travel
from tests.corpus.table import corpus

_KINDS = frozenset({".stl", ".3mf", ".obj", ".step", ".stp", ".dxf", ".svg"})
_TEXT = """# What becomes of real files

Made by `python -m tests.corpus FOLDER --out docs/corpus.md`, for {count} published parts of open hardware. Each goes
through `measure`, `printability` (FDM for meshes, laser for drawings), `slice` or `cut`, `check` and `estimate` of
`python -m slicer_bridge`, with the package's own profile of a 250 × 210 × 210 mm printer, a cutter of 3 mm in plywood
of 3 mm, and the limits of `rigs/limits`. A file that doesn't say its unit is asked for it and given what its makers
meant.

"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "corpus.md")
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in _KINDS)
    if not files:
        parser.error(f"{options.folder} holds no parts: name a folder with {', '.join(sorted(_KINDS))} files")
    journeys = []
    for path in track(files, description="files"):
        with tempfile.TemporaryDirectory() as folder:
            journeys.append(travel(path, Path(folder)))
    options.out.write_text(_TEXT.format(count=len(files)) + corpus(journeys), encoding="utf-8")


if __name__ == "__main__":
    main()
