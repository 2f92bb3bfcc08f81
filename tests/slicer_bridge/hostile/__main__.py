"""`python -m tests.slicer_bridge.hostile OUT [NAME…] [--report]`: write the hostile files; report what they did."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.slicer_bridge.hostile.corpus import CORPUS, write
from tests.slicer_bridge.hostile.trial import trial


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.slicer_bridge.hostile", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help="only these, or all that begin so")
    parser.add_argument("--report", action="store_true", help="measure each: seconds, MB, and the words of the error")
    parser.add_argument("--at-once", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = [case for name, case in CORPUS.items() if not options.names or name.startswith(tuple(options.names))]
    paths = [write(case, options.out) for case in chosen]
    print(f"{len(paths)} files in {options.out}")
    if not options.report:
        return 0
    failed = 0
    print(f"{'file':36} {'bytes':>11} {'wall s':>6} {'cpu s':>6} {'MB':>5}  words")
    with ThreadPoolExecutor(options.at_once) as pool:
        for case, path, found in zip(chosen, paths, pool.map(trial, paths), strict=True):
            wrong = "; ".join(found.faults(case))
            failed += bool(wrong)
            what = f"{found.kind or 'read'}: {found.words}"
            row = (
                f"{case.name:36} {path.stat().st_size:>11,} {found.wall_s:6.2f} {found.cpu_s:6.2f} {found.rss_mb:5.0f}"
            )
            print(f"{row}  {what}{f'  WRONG: {wrong}' if wrong else ''}", flush=True)
    print(f"{failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
