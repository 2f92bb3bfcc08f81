"""On PYTHONPATH of all that a faulty world starts: Python imports this by itself, before anything of the program."""

import os

if os.environ.get("LLAGAR_FAULTS_CLOCK"):
    from pathlib import Path

    from tests.faults.wall_clock import shift

    shift(Path(os.environ["LLAGAR_FAULTS_CLOCK"]))
if os.environ.get("LLAGAR_FAILPOINTS"):
    from tests.faults.failing import install

    install()
