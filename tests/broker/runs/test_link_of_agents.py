"""The agent's own link beside the broker's: through a proxy that lets no WebSocket through, and with changing keys."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from broker.clock import Clock, SystemClock
from broker.wire.shop import Enrolled
from broker.workshops import repository
from broker.workshops.models import Agent
from shop_agent import rotation
from shop_agent.errors import RotationFailed
from shop_agent.identity import Identity, Signer, own_key, public_text
from shop_agent.journal import Journal
from shop_agent.link.conversation import Conversation
from shop_agent.link.polling import polls
from shop_agent.link.socket import Link
from shop_agent.mind import Mind
from shop_agent.rotation import FORMER_FILE, NEXT_FILE, KeyRing
from shop_agent.state import events as ev
from shop_agent.state.memory import Rules
from shop_agent.state.records import MachineFacts, MachineView, Mode, Now
from tests.broker.conftest import Town
from tests.broker.quotes.towns import UNO
from tests.broker.runs.conftest import Network

_WITHIN_S = 60.0


class Shop:
    """A mind, a journal and a link, with its keys in files."""

    def __init__(self, folder: Path, agent: str, url: str) -> None:
        self.folder = folder
        self.signer = Signer(Identity(agent=agent, workshop=UNO.workshop, broker=url), own_key(folder))
        self.journal = Journal(folder / "agent.sqlite", self.signer)
        facts = [MachineFacts("prusa", False, ("PLA",), 0.4)]
        self.mind = Mind(facts, Rules(True, 3600.0, frozenset({"PLA"})), self.journal, UNO, "token")
        self.mind.begin(self.now())
        self.keys = KeyRing(folder, self.signer)
        self.clock: Clock = SystemClock()
        self._modes = itertools.cycle((Mode.MINE_NOW, Mode.NORMAL))
        self.mind.apply(ev.MachineSeen("prusa", MachineView(True, "boot")), self.now())

    @classmethod
    async def enrolled(cls, folder: Path, network: Network, town: Town) -> "Shop":
        body = {"code": await network.code(UNO.workshop), "public_key": public_text(own_key(folder))}
        async with httpx.AsyncClient(base_url=town.url, trust_env=False, timeout=_WITHIN_S) as client:
            answer = await client.post("/api/v1/agents/enroll", json=body)
        shop = cls(folder, Enrolled.model_validate_json(answer.content).agent, town.url)
        shop.clock = town.clock
        return shop

    def rotate(self) -> None:
        """As the verb does: a process of its own, with what it finds on the disk."""
        signer = Signer(self.signer.identity, own_key(self.folder))
        rotation.rotate(self.folder, signer, self.clock.now())

    def now(self) -> Now:
        return Now(datetime.now(UTC), asyncio.get_running_loop().time())

    def talk(self) -> int:
        """Its people take the machine, or give it back; the number under which that is told."""
        before = self.journal.last_seq
        self.mind.apply(ev.ModeSet("prusa", next(self._modes)), self.now())
        assert self.journal.last_seq == before + 1
        return self.journal.last_seq

    @contextlib.asynccontextmanager
    async def linked(self, url: str) -> AsyncIterator[Link]:
        conversation = Conversation(
            self.signer.identity.agent, self.signer.sign, self.journal, self.mind, tuple, lambda low, _high: low
        )
        link = Link(url, conversation, lambda _instructions: None, self.now, lambda low, _: low, instead=polls(url))
        link.renewed = self._register_again
        task = asyncio.create_task(link.run())
        try:
            yield link
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _register_again(self) -> bool:
        try:
            await asyncio.to_thread(self.keys.register_again, self.clock.now())
        except RotationFailed:
            return False
        return True


@pytest.fixture
async def shop(network: Network, town: Town, tmp_path: Path) -> AsyncIterator[Shop]:
    shop = await Shop.enrolled(tmp_path / "shop", network, town)
    yield shop
    shop.journal.close()


async def _row(town: Town, shop: Shop) -> Agent:
    async with town.database.reading() as session:
        found = await repository.agent(session, shop.signer.identity.agent)
        assert found is not None
        return found


async def _told(town: Town, shop: Shop) -> Agent:
    """Once the broker has all that the shop has said."""
    async with asyncio.timeout(_WITHIN_S):
        heard = town.database.waker.rings
        while (row := await _row(town, shop)).acked_seq < shop.journal.last_seq:
            heard = await town.database.waker.wait(heard, 0.1)
        return row


# A proxy ----------------------------------------------------------------------------------------------


class Proxy:
    """Passes connections on byte for byte, but answers an upgrade itself, or never."""

    def __init__(self, to: str, *, answers: bool) -> None:
        self._port = int(to.rpartition(":")[2])
        self._answers = answers
        self.barred = 0
        self.barred_twice = asyncio.Event()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            if b"upgrade: websocket" in head.lower():
                self.barred += 1
                if self.barred == 2:
                    self.barred_twice.set()
                if self._answers:
                    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                    await writer.drain()
                else:
                    await reader.read()
                return
            their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(their_writer):
                their_writer.write(head)
                await asyncio.gather(_pass(reader, their_writer), _pass(their_reader, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def test_where_upgrades_are_refused_events_go_by_plain_http(town: Town, shop: Shop) -> None:
    proxy = Proxy(town.url, answers=True)
    async with proxy.serving() as url, shop.linked(url) as link:
        await _told(town, shop)
        assert (link.transport, proxy.barred) == ("plain HTTP", 1)
        shop.talk()
        link.told()
        await _told(town, shop)


async def test_where_upgrades_are_never_answered_plain_http_is_tried(
    town: Town, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop_agent.link.socket.HELLO_S", 0.5)
    proxy = Proxy(town.url, answers=False)
    async with proxy.serving() as url, shop.linked(url) as link:
        await _told(town, shop)
        assert link.transport == "plain HTTP"


async def test_a_websocket_is_tried_again_in_time(town: Town, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop_agent.link.socket.SOCKET_AGAIN_S", 0.0)
    proxy = Proxy(town.url, answers=True)
    async with proxy.serving() as url, shop.linked(url):
        async with asyncio.timeout(_WITHIN_S):
            await proxy.barred_twice.wait()


async def test_where_websockets_get_through_one_is_used(town: Town, shop: Shop) -> None:
    async with shop.linked(town.url) as link:
        await _told(town, shop)
        assert link.transport == "WebSocket"


# Keys -------------------------------------------------------------------------------------------------


class Killed(BaseException):
    pass


def _dies(*_: object) -> None:
    raise Killed


@pytest.mark.parametrize("step", ["register", "take_up", "replace_durably", "nothing"])
async def test_a_rotation_that_is_killed_between_steps_goes_on(
    town: Town, shop: Shop, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whatever is on the disk then: the agent links, what it had signed is taken, and another try completes it."""
    old = public_text(shop.signer.key)
    said_by_old = shop.talk()
    if step != "nothing":
        with monkeypatch.context() as patched:
            patched.setattr(rotation, step, _dies)
            with pytest.raises(Killed):
                await asyncio.to_thread(shop.rotate)
        async with shop.linked(town.url):
            assert (await _told(town, shop)).acked_seq == said_by_old
    await asyncio.to_thread(shop.rotate)
    assert not (shop.folder / NEXT_FILE).exists()
    assert public_text(own_key(shop.folder)) != old
    waiting = shop.talk()
    assert shop.keys.followed()
    shop.talk()
    async with shop.linked(town.url):
        row = await _told(town, shop)
    assert row.acked_seq > waiting
    assert (row.public_key, row.former_public_key) == (public_text(shop.signer.key), old)


async def test_a_broker_that_forgot_the_new_key_takes_the_old_ones_word(town: Town, shop: Shop) -> None:
    """As one that was restored from a backup."""
    old = public_text(shop.signer.key)
    await asyncio.to_thread(shop.rotate)
    assert (shop.folder / FORMER_FILE).exists()
    assert shop.keys.followed()
    async with town.database.writing() as session:
        row = await repository.locked_agent(session, shop.signer.identity.agent)
        row.public_key, row.next_public_key = old, None
    shop.talk()
    async with shop.linked(town.url):
        row = await _told(town, shop)
    assert row.public_key == public_text(shop.signer.key)


async def test_a_broker_that_refuses_leaves_the_old_key_in_use(town: Town, shop: Shop) -> None:
    async with town.database.writing() as session:
        (await repository.locked_agent(session, shop.signer.identity.agent)).revoked_at = town.clock.now()
    before = public_text(own_key(shop.folder))
    with pytest.raises(RotationFailed):
        await asyncio.to_thread(shop.rotate)
    assert public_text(own_key(shop.folder)) == before
