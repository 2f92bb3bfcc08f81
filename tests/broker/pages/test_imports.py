import subprocess
import sys


def test_without_pages_nothing_brings_in_nicegui() -> None:
    """It takes half a second, and holds state for the whole process."""
    program = "import sys, broker.app.cli, broker.app.factory; print('nicegui' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
