"""The agent process from start to end: one owner of the data folder, agent and bench on one loop."""

import asyncio
import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shop_agent.agent import Agent
from shop_agent.bench.api import BenchServer
from shop_agent.errors import AgentError, AlreadyRunning, BadConfig, JournalTorn
from shop_agent.identity import load_signer
from shop_agent.profiles import load_profile
from shop_agent.settings import AgentConfig, load_policy, machine_limits


@contextmanager
def owned(data: Path) -> Iterator[None]:
    """Raises AlreadyRunning if another agent has this data folder."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "agent.lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"another agent has {data}") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def run_agent(config: AgentConfig, path: Path) -> None:
    """Until SIGTERM or SIGINT. Raises AgentError before anything has started."""
    policy = load_policy(config)
    for machine in config.machines:
        machine_limits(config, policy, machine.name)
        load_profile(machine.profile)
        config.socket(machine.name)
    load_signer(config)
    with owned(config.data):
        asyncio.run(_live(config, path.resolve()))


async def _live(config: AgentConfig, path: Path) -> None:
    agent = Agent(config, path, load_policy(config), load_signer(config))
    try:
        bench = BenchServer(config, agent)
    except OSError as error:
        raise BadConfig(f"bench_port {config.bench_port} can't be opened: {error}") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn takes these over while it serves, and raises them again at its end: then they must do no harm.
        asyncio.get_running_loop().add_signal_handler(number, bench.stop)
    work = asyncio.create_task(agent.run())
    work.add_done_callback(lambda _task: bench.stop())
    try:
        await bench.serve()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await agent.close()
    failure = None if work.cancelled() else work.exception()
    if failure is not None:
        raise _cause(failure)


def _cause(failure: BaseException) -> BaseException:
    """What the owner can put right, out of the group of all that ended with it."""
    while isinstance(failure, BaseExceptionGroup):
        known = failure.subgroup(AgentError)
        failure = (known or failure).exceptions[0]
    if isinstance(failure, JournalTorn) and failure.__cause__ is not None:
        return failure.__cause__
    return failure
