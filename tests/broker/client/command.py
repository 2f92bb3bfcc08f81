"""The real executable, run beside the test's own broker."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.broker.conftest import Town

LLAGAR = Path(sys.executable).parent / "llagar"


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


def environment(town: Town, **more: str) -> dict[str, str]:
    keep = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return keep | {"LLAGAR_URL": town.url, "LLAGAR_TOKEN": town.ana.token, "COLUMNS": "160"} | more


async def llagar(town: Town, *words: str, **more: str) -> Ran:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        str(LLAGAR), *words, stdout=pipe, stderr=pipe, env=environment(town, **more)
    )
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())
