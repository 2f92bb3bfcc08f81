"""End the streamers of machines that are idle; those that stream are left alone."""

import asyncio
from collections.abc import Sequence

from shop_agent.errors import StreamerGone, StreamerSaidNo
from shop_agent.settings import AgentConfig
from shop_agent.streamer import wire
from shop_agent.streamer.client import StreamerClient


def shut_down(config: AgentConfig) -> Sequence[str]:
    """One line a machine on how it went."""
    return asyncio.run(_all(config))


async def _all(config: AgentConfig) -> list[str]:
    return [await _one(config, machine.name) for machine in config.machines]


async def _one(config: AgentConfig, machine: str) -> str:
    client = StreamerClient(config.socket(machine))
    try:
        await client.ask(wire.Shutdown(), wire.Done)
    except StreamerGone:
        return f"{machine}: no streamer"
    except StreamerSaidNo as error:
        return f"{machine}: goes on, {error}"
    finally:
        client.close()
    return f"{machine}: ended"
