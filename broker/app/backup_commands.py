"""`llagar-broker backup` and `restore`."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from broker.app.backups.backup import back_up
from broker.app.backups.restore import restore as restore_from
from broker.clock import SystemClock
from broker.runs.history import AGENTS_KEEP
from broker.settings import Settings

ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file; DATA/broker.toml if it exists")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder of the database and the files")]


def add_commands(app: typer.Typer, settings_of: Callable[[Path | None, Path | None], Settings]) -> None:
    @app.command()
    def backup(
        folder: Annotated[Path, typer.Argument(help="Made by this command")],
        config: ConfigFile = None,
        data: DataFolder = None,
    ) -> None:
        """Copy database and files into FOLDER while the broker runs."""
        manifest = asyncio.run(back_up(settings_of(config, data), folder, SystemClock().now()))
        megabytes = (manifest.database_bytes + sum(manifest.blobs.values())) / 1e6
        typer.echo(
            f"{folder}: the database and {len(manifest.blobs)} files, {megabytes:,.1f} MB, as of {manifest.made_at}"
        )

    @app.command()
    def restore(
        folder: Annotated[Path, typer.Argument(help="Made by `llagar-broker backup`")],
        config: ConfigFile = None,
        data: DataFolder = None,
        replace: Annotated[
            bool, typer.Option("--replace", help="Even if there is a database; it is kept beside")
        ] = False,
    ) -> None:
        """Make FOLDER the broker's database and files; no broker may run. Agents then send again what it lacks."""
        now = SystemClock().now()
        manifest = asyncio.run(restore_from(settings_of(config, data), folder, now, replace=replace))
        typer.echo(f"restored as of {manifest.made_at}: start the broker, and its agents tell what has happened since")
        if now - manifest.made_at > AGENTS_KEEP:
            typer.echo(
                f"Agents keep what they said for {AGENTS_KEEP.days} days, and this backup is older: enrol each agent"
                " anew (`llagar-broker invite WORKSHOP`), and look at every machine.",
                err=True,
            )
