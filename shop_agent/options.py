"""What several commands of `llagar-agent` take."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

DEFAULT = Path("agent.toml")
Config = Annotated[Path, typer.Option("--config", help="agent.toml", show_default=True)]
Operator = Annotated[str, typer.Option(help="who is there; else your login name")]


def named(operator: str) -> str:
    """Whoever is logged in, unless they say another name."""
    return operator.strip() or getpass.getuser()
