"""On PYTHONPATH of all that a faulty world starts: Python imports this by itself, and it installs the failpoints."""

import os

if os.environ.get("LLAGAR_FAILPOINTS"):
    from tests.faults.failing import install

    install()
