"""A broker with pages in a process of its own: NiceGUI's application is global to its process.

    python -m tests.broker.pages.server FOLDER

prints one line of JSON, the fields of `conftest.Pages`, and serves until its input ends.
"""

import asyncio
import json
import sys
from pathlib import Path

from broker.accounts.models import Role
from broker.app.factory import create_app
from broker.clock import SystemClock
from broker.database import Database
from broker.migrations.upgrade import upgrade
from broker.settings import Settings
from tests.broker.conftest import person, served
from tests.broker.quotes.firstfit import FirstFit
from tests.broker.quotes.towns import settle


async def main(folder: Path) -> None:
    settings = Settings(data=folder)
    database = Database(settings.url)
    await upgrade(database)
    now = SystemClock().now()
    async with database.writing() as session:
        settle(session, now)
    ana = await person(database, "ana <i>García</i>", now, balance=100_000)
    shop = await person(database, "taller", now, role=Role.WORKSHOP)
    async with served(create_app(settings, plan=FirstFit(database), pages=True)) as url:
        known = {"url": url, "token": ana.token, "workshop_token": shop.token, "database_url": settings.url}
        print(json.dumps(known), flush=True)
        await asyncio.to_thread(sys.stdin.read)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
