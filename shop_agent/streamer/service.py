"""The streamer: one process per machine that owns its port and run journal, and answers on a Unix socket.

It knows no broker and outlives the agent. Whoever may open the socket may drive the machine: folder and socket
belong to the agent's user alone.
"""

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from pydantic import ValidationError

from drivers.base import PortSettings, SafeEnd, Setup, State
from drivers.errors import DriverError, DriverMisuse
from drivers.registry import make
from shop_agent.blocks import approvals_for
from shop_agent.errors import AlreadyRunning, BadConfig
from shop_agent.policy_files import LimitsFiles, PolicyFiles
from shop_agent.settings import AgentConfig, MachineSection, Policy, is_router, load_policy, machine_limits
from shop_agent.streamer import wire
from shop_agent.streamer.acts import Act, act, probe
from shop_agent.streamer.journal import open_journal
from shop_agent.streamer.power import PowerCut, lost_link_text
from shop_agent.streamer.presence import PresenceWatch
from shop_agent.streamer.supervision import REPEAT_S, Supervision
from shop_agent.streamer.thread import WorkerThread
from shop_agent.streamer.worker import Unable, Worker
from shop_agent.version import VERSION
from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.slicing.shop.approval import Approval

BEGIN_S = 5.0
"""Between the journal's word and the driver's that a run is under way."""
SETUP_S = 300.0
"""Longest homing, touch-off or reset."""
MAX_LINE_BYTES = 1_000_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paths:
    socket: Path
    folder: Path

    def lock(self) -> IO[str]:
        """Held for as long as the file is open. Raises AlreadyRunning."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = (self.folder / "lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise AlreadyRunning(f"another streamer has {self.folder}") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        return file


class Service:
    def __init__(
        self,
        config: AgentConfig,
        machine: MachineSection,
        policy: Policy,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._machine = machine
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._stop = asyncio.Event()
        self._talks: set[asyncio.StreamWriter] = set()
        self._journal = open_journal(config.folder(machine.name))
        driver = make(machine.driver, _port(machine))
        power = PowerCut(machine.power_off)
        self._files = PolicyFiles(config, policy)
        self._worker = Worker(
            driver,
            self._journal,
            self._limits,
            self._tell_news,
            power,
            machine.answer_s,
            self._approvals,
            clock=clock,
            changed_limits=LimitsFiles(config, policy, machine.name).changed,
        )
        self._thread = WorkerThread(self._worker)
        self._driver = driver
        self._stopper = ThreadPoolExecutor(2, "stop")
        """A stop waits for nothing, and nothing for it: a host may take its time to answer one."""
        attended = machine.attended or is_router(machine)
        interval_s = policy.presence_interval_s
        self._presence = PresenceWatch(interval_s if attended else None, clock, stay_s=interval_s)
        self._supervision = Supervision(driver, self._worker, self._presence, own_control=isinstance(driver, Setup))

    def _limits(self) -> MachineLimits:
        return machine_limits(self._config, load_policy(self._config), self._machine.name)

    def _approvals(self) -> tuple[Approval, ...]:
        return approvals_for(load_policy(self._config).blocks, self._machine.name)

    def _tell_news(self) -> None:
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    # Life -------------------------------------------------------------------------------------------

    async def serve(self, socket: Path) -> None:
        """Until `shutdown`, or SIGTERM: then a run is cancelled in order first. Raises what ended the worker."""
        _private_folder(socket.parent)
        socket.unlink(missing_ok=True)
        self._thread.begin()
        server = await asyncio.start_unix_server(self._answer_all, socket, limit=MAX_LINE_BYTES)
        socket.chmod(0o600)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._terminate)
        self._loop.add_signal_handler(signal.SIGHUP, _ignore)
        try:
            await self._watch()
        finally:
            server.close()
            self._hang_up()
            socket.unlink(missing_ok=True)
            await asyncio.to_thread(self._thread.finish)
            self._stopper.shutdown(wait=False)
            self._journal.close()
        if self._thread.failure is not None:
            raise self._thread.failure

    def _hang_up(self) -> None:
        """What was answered is sent still; whoever waits for news gets none."""
        for writer in self._talks:
            writer.close()
        self._wake()

    def _terminate(self) -> None:
        self._supervision.end("the streamer was told to end")
        self._stop.set()

    async def _watch(self) -> None:
        while self._thread.alive and not (self._stop.is_set() and self._worker.execution is None):
            self._follow_policy()
            self._supervision.look()
            await asyncio.sleep(self._supervision.wait_s())

    def _follow_policy(self) -> None:
        """One that is not in order changes nothing here: the agent raises the alarm, and starts nothing."""
        with suppress(BadConfig):
            policy = self._files.changed()
            if policy is not None:
                self._presence.change(policy.presence_interval_s)

    # Conversations ------------------------------------------------------------------------------------

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(writer)
        try:
            while line := await reader.readline():
                reply = await self._answer(line)
                writer.write(reply.model_dump_json().encode() + b"\n")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            # The agent is gone, or sent no lines of ours: there is nobody to answer.
            return
        finally:
            writer.close()
            self._talks.discard(writer)

    async def _answer(self, line: bytes) -> wire.Reply:
        try:
            request = wire.REQUESTS.validate_json(line)
        except ValidationError as error:
            return wire.No(reason=f"no request of ours: {error.errors()[0]['msg']}")
        try:
            return await self._serve(request)
        except (Unable, DriverError) as error:
            return wire.No(reason=str(error) or type(error).__name__)
        except TimeoutError:
            return wire.No(reason="the machine took too long")

    async def _serve(self, request: wire.Request) -> wire.Reply:
        reply: wire.Reply
        match request:
            case wire.AskStatus():
                reply = self._status()
            case wire.AskEvents(after=after, wait_s=wait_s):
                reply = await self._events(after, wait_s)
            case wire.Start():
                reply = await self._start(request)
            case wire.Forbid(run=run, fence=fence, reason=reason):
                started = self._journal.forbid(run, fence, reason)
                reply = wire.StartAnswer(journal_id=self._journal.journal_id, started=started, reason=reason)
            case wire.Home() | wire.SetWorkZero() | wire.LocalReset() | wire.Shutdown():
                reply = await self._idle_request(request)
            case wire.SkipObject() | wire.Override() | wire.AttestStarted() | wire.AttestEnded():
                self._supervision.require_run(
                    request.run if isinstance(request, wire.AttestStarted | wire.AttestEnded) else ""
                )
                self._note_skip(request)
                await self._act(request)
                reply = wire.Done()
            case wire.StopNow():
                await self._loop.run_in_executor(self._stopper, self._driver.stop_now)
                reply = wire.Done()
            case wire.Probe():
                reply = wire.WorkOffset(work_offset_mm=await self._probe(request))
            case _:
                self._supervision.request(request)
                reply = wire.Done()
        return reply

    async def _act(self, request: Act) -> None:
        """A run whose start is in the journal may be about to begin at its machine: then it is asked again."""
        until_s = self._loop.time() + BEGIN_S
        while True:
            try:
                return await asyncio.to_thread(act, self._driver, request)
            except DriverMisuse:
                begun = self._worker.status.state in (State.RUNNING, State.HELD)
                if begun or self._worker.execution is None or self._loop.time() >= until_s:
                    raise
            await asyncio.sleep(REPEAT_S)

    def _note_skip(self, request: wire.Request) -> None:
        """Who asked, and why: written once the firmware shows that it is so."""
        run = self._worker.execution
        if isinstance(request, wire.SkipObject) and run is not None:
            skip = wire.ObjectSkipped(object=request.name, operator=request.operator, reason=request.reason)
            run.skips.setdefault(request.name, skip)

    async def _events(self, after: int, wait_s: float) -> wire.Entries:
        news = self._news
        entries = self._journal.after(after)
        if not entries and wait_s > 0:
            try:
                async with asyncio.timeout(wait_s):
                    await news.wait()
            except TimeoutError:
                return wire.Entries(journal_id=self._journal.journal_id, entries=())
            entries = self._journal.after(after)
        return wire.Entries(journal_id=self._journal.journal_id, entries=entries)

    async def _start(self, order: wire.Start) -> wire.Reply:
        if self._stop.is_set():
            raise Unable("the streamer is ending")
        record = order.record
        with self._supervision.starting(order.present_until_s, record.operator, stays=record.stays):
            return await asyncio.wrap_future(self._thread.start(order))

    async def _idle_request(
        self, request: wire.Home | wire.SetWorkZero | wire.LocalReset | wire.Shutdown
    ) -> wire.Reply:
        worker, submit = self._worker, self._thread.submit
        match request:
            case wire.Home():
                await self._finished(submit(worker.home))
            case wire.SetWorkZero(machine_mm=machine_mm):
                offset = await self._finished(submit(lambda: worker.set_work_zero(machine_mm)))
                return wire.WorkOffset(work_offset_mm=offset)
            case wire.LocalReset():
                await self._finished(submit(worker.local_reset))
            case wire.Shutdown():
                await self._finished(submit(_ignore))
                self._stop.set()
        return wire.Done()

    async def _finished(self, future: "Future[T]") -> T:
        async with asyncio.timeout(SETUP_S):
            return await asyncio.wrap_future(future)

    async def _probe(self, request: wire.Probe) -> wire.Triple:
        """The driver knows whether a run under way waits for a tool change."""
        if self._worker.execution is None:
            return await self._finished(self._thread.submit(lambda: self._worker.probe(lambda: self._lower(request))))
        async with asyncio.timeout(SETUP_S):
            return await asyncio.to_thread(self._lower, request)

    def _lower(self, request: wire.Probe) -> wire.Triple:
        return probe(self._driver, request)

    def _status(self) -> wire.MachineStatus:
        status, run, capabilities = self._worker.status, self._worker.execution, self._worker.capabilities
        touched = self._worker.touched
        return wire.MachineStatus(
            machine=self._machine.name,
            journal_id=self._journal.journal_id,
            last_seq=self._journal.last_seq,
            state=status.state,
            reason=status.reason,
            quarantine="" if run is not None else self._journal.quarantine(),
            boot_id=self._worker.boot_id,
            run=None if run is None else run.run,
            attended=self._presence.needed,
            presence_left_s=self._presence.left_s(),
            present=self._presence.operator,
            lapsed=run is not None and bool(run.lapsed),
            firmware=capabilities.firmware if capabilities else "",
            lost_link=lost_link_text(capabilities, relay=bool(self._machine.power_off)) if capabilities else "",
            attested=capabilities is not None and capabilities.attested,
            hotend_c=status.hotend_c,
            bed_c=status.bed_c,
            heating=run is not None and run.heating and not is_router(self._machine),
            position_mm=status.position_mm,
            work_offset_mm=status.work_offset_mm,
            lines_done=status.lines_done,
            lines_total=status.lines_total,
            time_left_s=status.time_left_s,
            objects=status.objects,
            skipped=status.skipped,
            prompt=status.prompt,
            homed=touched.homed(status.boot_id),
            zeroed=touched.zeroed(status.boot_id),
            probed=touched.probed(status.boot_id),
            details=status.details,
            pid=os.getpid(),
            version=VERSION,
        )


def _port(machine: MachineSection) -> PortSettings:
    """Raises BadConfig for an API key that can't be read."""
    return PortSettings(
        url=machine.port or machine.name,
        baudrate=machine.baudrate,
        answer_s=machine.answer_s,
        long_s=machine.long_s,
        api_key=machine.api_key(),
        safe_end=SafeEnd(machine.safe_end.fan_until_c, machine.safe_end.hold_z),
    )


def _ignore() -> None:
    """Detached from any terminal; or proof that no run is under way."""


def _private_folder(folder: Path) -> None:
    """Raises AlreadyRunning if the folder is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise AlreadyRunning(f"{folder} belongs to another user: set `runtime` in agent.toml")


def run_streamer(config: AgentConfig, machine: MachineSection) -> int:
    """The process's whole life; its exit code. Raises AlreadyRunning, BadConfig."""
    policy = load_policy(config)
    machine_limits(config, policy, machine.name)
    paths = Paths(config.socket(machine.name), config.folder(machine.name))
    with paths.lock():
        asyncio.run(_serve(config, machine, policy, paths.socket))
    return 0


async def _serve(config: AgentConfig, machine: MachineSection, policy: Policy, socket: Path) -> None:
    await Service(config, machine, policy).serve(socket)
