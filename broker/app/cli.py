"""`llagar-broker`: serve, and what an administrator does beside the running server."""

import asyncio
import json
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from broker.accounts.models import Role
from broker.accounts.service import add_account, issue_token
from broker.app.backup_commands import ConfigFile, DataFolder, add_commands
from broker.app.opening import opened
from broker.clock import SystemClock
from broker.database import Database
from broker.errors import BrokerError
from broker.ledger.service import deposit
from broker.migrations.upgrade import upgrade
from broker.settings import CONFIG_NAME, Settings, load_settings
from broker.workshops.service import invite as invite_workshop
from broker.workshops.service import revoke as revoke_agent

_Result = TypeVar("_Result")

app = typer.Typer(
    pretty_exceptions_enable=False, no_args_is_help=True, add_completion=False, help="The broker of Llagar."
)
user_app = typer.Typer(pretty_exceptions_enable=False, no_args_is_help=True, help="Accounts and their bearer tokens.")
app.add_typer(user_app, name="user")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout")]


def main() -> None:
    try:
        app()
    except BrokerError as error:
        _fail(error)


@app.command()
def serve(
    config: ConfigFile = None,
    data: DataFolder = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes a free one")] = None,
) -> None:
    """Serve REST, agents' sockets and pages until SIGTERM; DATA/address holds the address."""
    from broker.app.serving import serve as serve_app  # planner and pages are large, and no other command needs them

    settings = _settings(config, data, host=host, port=port)
    serve_app(settings, lambda url: typer.echo(f"llagar-broker listens on {url}"))


@app.command()
def migrate(config: ConfigFile = None, data: DataFolder = None) -> None:
    """Bring the database to this program's tables."""
    settings = _settings(config, data)

    async def work() -> None:
        database = Database(settings.url)
        try:
            await upgrade(database)
        finally:
            await database.close()

    _run(work())
    typer.echo("the database is up to date")


@user_app.command("add")
def user_add(
    name: str,
    role: Annotated[Role, typer.Option(help="What the account may do")] = Role.PRODUCER,
    address: Annotated[str, typer.Option(help="Where parcels go")] = "",
    money: Annotated[int, typer.Option("--deposit", min=0, help="First balance, in minor units")] = 0,
    config: ConfigFile = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make an account and print its bearer token, this once."""
    settings = _settings(config, data)

    async def work() -> tuple[str, str]:
        async with opened(settings) as database, database.writing() as session:
            now = SystemClock().now()
            account = await add_account(session, name, role, address, now)
            if money:
                await deposit(session, account.id, money, settings.currency, now, "by the administrator")
            return account.id, await issue_token(session, account, now)

    account_id, token = _run(work())
    if as_json:
        typer.echo(json.dumps({"id": account_id, "name": name, "role": role, "token": token}))
    else:
        typer.echo(f"{name} ({role}) is {account_id}. Its token, shown this once:")
        typer.echo(token)


@app.command()
def invite(workshop: str, config: ConfigFile = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Make a one-time code with which an agent enrols for WORKSHOP, known or new."""
    settings = _settings(config, data)

    async def work() -> str:
        async with opened(settings) as database, database.writing() as session:
            return await invite_workshop(session, workshop, SystemClock().now())

    code = _run(work())
    if as_json:
        typer.echo(json.dumps({"workshop": workshop, "code": code}))
    else:
        typer.echo(f"{workshop} enrols once with: llagar-agent enroll --code {code}")


@app.command()
def revoke(workshop: str, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Shut WORKSHOP's agent out: its connection ends within seconds; what machines do now, they finish.

    Nothing of it is believed from now on; `invite` lets the workshop in again.
    """
    settings = _settings(config, data)

    async def work() -> int:
        async with opened(settings) as database, database.writing() as session:
            return await revoke_agent(session, workshop, SystemClock().now())

    revoked = _run(work())
    typer.echo(f"{workshop}: its agent is revoked" if revoked else f"{workshop} had no agent")


def _settings(config: Path | None, data: Path | None, *, host: str | None = None, port: int | None = None) -> Settings:
    """Settings with their data folder made; DATA/broker.toml counts if no other file is named."""
    beside = (data or Path(Settings().data)) / CONFIG_NAME
    path = config or (beside if beside.is_file() else None)
    settings = load_settings(path, os.environ, data=data, host=host, port=port)
    settings.data.mkdir(parents=True, exist_ok=True)
    return settings


add_commands(app, _settings)


def _run(work: Coroutine[None, None, _Result]) -> _Result:
    return asyncio.run(work)


def _fail(error: BrokerError) -> NoReturn:
    typer.echo(f"{error.title}: {error.detail}", err=True)
    if error.where:
        typer.echo(f"  where: {error.where}", err=True)
    if error.fix:
        typer.echo(f"  to do: {error.fix}", err=True)
    raise SystemExit(2)
