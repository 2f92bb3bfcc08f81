"""`llagar-agent rotate-key` and `llagar-broker revoke`, as people type them, against a broker's own process."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from shop_agent.identity import load_signer, own_key, public_text
from shop_agent.settings import load_config
from tests.broker.app.process import ran, running
from tests.broker.runs.agent import WireAgent
from tests.shop_agent.shops import write_shop
from tests.shop_agent.terminal import terminal


def _invited(data: Path, workshop: str) -> str:
    return str(json.loads(ran(data, "invite", workshop, "--json"))["code"])


def test_a_key_is_replaced_and_a_revoked_agent_can_replace_none(tmp_path: Path) -> None:
    data = tmp_path / "broker"
    data.mkdir()
    with running(data) as broker:
        config = write_shop(tmp_path / "shop", tmp_path / "run", printer=tmp_path / "tty")
        assert terminal(config, "enroll", "--broker", broker.url, "--code", _invited(data, "Nava")).code == 0
        own = load_config(config).data
        first = public_text(own_key(own))
        done = terminal(config, "rotate-key")
        assert (done.code, done.stdout.strip()) == (0, "the agent signs with another key from now on")
        second = public_text(own_key(own))
        assert second != first
        assert public_text(load_signer(load_config(config)).key) == second

        assert ran(data, "revoke", "Nava") == "Nava: its agent is revoked\n"
        refused = terminal(config, "rotate-key")
        assert refused.code != 0
        assert "was revoked (enrol it with a new code)" in refused.stderr
        assert public_text(own_key(own)) == second
        assert ran(data, "revoke", "Nava") == "Nava had no agent\n"
        assert "Sotres" in ran(data, "revoke", "Sotres", code=2)


def test_an_agent_that_is_connected_is_shut_out_by_the_verb(tmp_path: Path) -> None:
    with running(tmp_path) as broker:

        async def story() -> None:
            code = await asyncio.to_thread(_invited, tmp_path, "Nava")
            agent = await WireAgent.enrolled(broker.url, code, datetime.now(UTC))
            async with agent.connected():
                await asyncio.to_thread(ran, tmp_path, "revoke", "Nava")
                assert "revoked" in await agent.closed()

        asyncio.run(story())
