"""Somebody else's host, running in its own environment by a script of ours."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.peers.environments import environment

_SCRIPTS = Path(__file__).parent / "scripts"
_PATIENCE_S = 90.0


@contextmanager
def streamed(peer: str, script: str, port: str, program: Sequence[str], folder: Path) -> Iterator[None]:
    """The script has sent the whole program and holds the port within the block.

    Raises AssertionError with what it said where it did not come to an end, or was told of an error.
    """
    file = folder / "program.gcode"
    file.write_text("\n".join(program) + "\n")
    command = [str(environment(peer) / "bin" / "python"), "-I", str(_SCRIPTS / script), port, str(file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            said = process.stdout.readline()
            if said != "ended\n":
                process.kill()
                raise AssertionError(f"{peer}: {said}{process.stderr.read()}")
            yield
            process.stdin.close()
            assert process.wait(_PATIENCE_S) == 0, process.stderr.read()
        finally:
            process.kill()
