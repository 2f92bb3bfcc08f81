"""What people at the machines ask and answer, carried out inside the agent."""

import asyncio
import hashlib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from broker.wire.states import RunState
from drivers.base import State
from shop_agent import shop_log
from shop_agent.agent import Agent
from shop_agent.bench import schemas
from shop_agent.bench.errors import AnsweredOtherwise, NoSuchThing
from shop_agent.bench.run_fields import run_fields
from shop_agent.bench.today import end_of_today
from shop_agent.errors import Refused, StreamerGone, StreamerSaidNo
from shop_agent.settings import machine_limits
from shop_agent.state import events as ev
from shop_agent.state.memory import AFTER_PERMIT
from shop_agent.state.records import Mode, RunRecord, Setup
from shop_agent.state.tasks import Task, waiting
from shop_agent.streamer import wire
from shop_agent.translate import core_counts
from slicer_bridge.programs.check import check_program


class Desk:
    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._turn = asyncio.Lock()

    # Tasks ------------------------------------------------------------------------------------------

    def tasks(self) -> list[schemas.TaskView]:
        return [self._view(task) for task in waiting(self._agent.memory)]

    async def answer(self, task_id: str, answer: schemas.Answer) -> schemas.Taken:
        """Raises NoSuchThing, AnsweredOtherwise, Refused with the task still waiting."""
        text = answer.model_dump_json()
        async with self._turn:
            before = self._agent.journal.answer_to(task_id)
            if before is not None:
                if before != text:
                    raise AnsweredOtherwise("this task was answered before, with another answer")
                return schemas.Taken(task=task_id, repeated=True)
            task = next((one for one in waiting(self._agent.memory) if one.id == task_id), None)
            if task is None:
                raise NoSuchThing(f"no task {task_id} is waiting")
            if task.kind != answer.kind:
                raise Refused(f"task {task_id} asks for a {task.kind!s} answer, not {answer.kind}")
            event = await self._event(task, answer)
            self._agent.apply(event, shop_log.Answer(task_id, text))
        return schemas.Taken(task=task_id)

    async def _event(self, task: Task, answer: schemas.Answer) -> ev.PersonEvent:
        """Raises Refused."""
        if not answer.operator.strip():
            raise Refused("say who you are: the operator's name is missing")
        run, lot = task.run.id if task.run else "", task.lot.id if task.lot else ""
        event: ev.PersonEvent
        match answer:
            case schemas.SetupAnswer():
                event = await self._setup(task, answer)
            case schemas.StartedAnswer() | schemas.EndedAnswer():
                event = await self._attest(task.machine, run, answer)
            case schemas.CountAnswer(operator=operator, counts=counts, cleared=cleared):
                event = ev.CountGiven(run, operator, core_counts(counts), cleared)
            case schemas.SettleAnswer(operator=operator, note=note, counts=counts):
                event = ev.SettleGiven(run, operator, note, core_counts(counts), answer.first_layer)
            case schemas.ClearAnswer():
                event = ev.MachineCleared(task.machine)
            case schemas.ReleaseAnswer(operator=operator):
                event = await self._release(task.machine, operator)
            case schemas.LotAnswer(accept=accept, reason=reason):
                event = ev.LotAnswered(lot, accept, reason)
            case schemas.HandoverAnswer(operator=operator, reference=reference):
                event = ev.HandoverGiven(lot, operator, reference)
            case _:
                assert_never(answer)
        return event

    async def _setup(self, task: Task, answer: schemas.SetupAnswer) -> ev.SetupGiven:
        """The boot id and the work zero are the machine's own, read just now."""
        run = task.run
        if run is None or run.program is None:
            raise Refused("this run has no program")
        status = await self._status(task.machine)
        router = self._agent.memory.facts[task.machine].router
        if status.zeroed and status.state is State.READY and status.work_offset_mm is not None:
            await self._check_in_place(run, status.work_offset_mm)
        setup = Setup(
            id=uuid.uuid4().hex,
            operator=answer.operator,
            boot_id=status.boot_id,
            at=datetime.now(UTC),
            bed_clear=answer.bed_clear,
            material=answer.material,
            tool_mm=answer.tool_mm,
            sheet_mm=answer.sheet_mm,
            work_zero_mm=status.work_offset_mm if router else None,
            clamps_clear=answer.clamps_clear,
            extraction_on=answer.extraction_on,
            colour=self._colour(answer),
            surface=answer.surface,
            spools=answer.spools,
            stays=answer.stays,
            tool_length=answer.tool_length,
        )
        return ev.SetupGiven(run.id, setup)

    def _colour(self, answer: schemas.SetupAnswer) -> str:
        """Raises Refused where the spool is known to be of another than is said."""
        spool = self._agent.memory.spools.get(answer.spools[0]) if answer.spools else None
        if spool is None:
            return answer.colour
        if answer.colour not in ("", spool.colour):
            raise Refused(f"spool {spool.id} is {spool.colour or 'of no known colour'}, not {answer.colour}")
        return spool.colour

    async def _check_in_place(self, run: RunRecord, offset: wire.Triple) -> None:
        """Raises Refused if the program leaves the machine from where the work's zero is, or has gone with its run."""
        if run.program is None:
            return
        limits = machine_limits(self._agent.config, self._agent.policy, run.machine)
        try:
            verdict = await asyncio.to_thread(check_program, Path(run.program.path), limits, offset)
        except FileNotFoundError as error:
            raise Refused(f"its program is no longer there, the run was taken back: {error.filename}") from error
        if not verdict.ok:
            first = verdict.findings[0]
            raise Refused(f"with this work zero line {first.line} can't be run: {first.reason}")

    async def _attest(
        self, machine: str, run: str, answer: schemas.StartedAnswer | schemas.EndedAnswer
    ) -> ev.AttestGiven:
        """A run that won't be started has ended too. Raises Refused."""
        request: wire.Request
        if isinstance(answer, schemas.StartedAnswer) and answer.started:
            request = wire.AttestStarted(run=run, operator=answer.operator)
        else:
            finished = isinstance(answer, schemas.EndedAnswer) and answer.finished
            request = wire.AttestEnded(run=run, operator=answer.operator, finished=finished, note=answer.note)
        await self._ask(machine, request)
        return ev.AttestGiven(run)

    async def _release(self, machine: str, operator: str) -> ev.MachineReleased:
        self._agent.memory.require_releasable(machine)
        await self._ask(machine, wire.LocalReset(operator=operator))
        await self._status(machine)
        return ev.MachineReleased(machine)

    # Machines ---------------------------------------------------------------------------------------

    def machines(self) -> list[schemas.MachineView]:
        return [self.machine(name) for name in self._agent.memory.machines]

    def machine(self, name: str) -> schemas.MachineView:
        """Raises NoSuchThing."""
        self._require(name)
        memory = self._agent.memory
        standing, reason = memory.reported(name)
        live = memory.on(name, AFTER_PERMIT)
        armed = [run.id for run in memory.on(name, frozenset({RunState.ARMED}))]
        seen: dict[str, object] = {}
        status = self._agent.watches[name].status
        if status is not None:
            fields = set(schemas.MachineView.model_fields) & set(wire.MachineStatus.model_fields) - {"run", "attested"}
            seen = {**status.model_dump(include=fields), "state": status.state, "state_reason": status.reason}
        return schemas.MachineView.model_validate(
            {
                **seen,
                "name": name,
                "standing": standing,
                "reason": reason,
                "mode": memory.machines[name].mode,
                "mode_until": memory.machines[name].mode_until,
                "run": live[0].id if live else None,
                "waits": next((memory.slot_waits[one] for one in armed if one in memory.slot_waits), ""),
                "attested": memory.facts[name].attested,
            }
        )

    def set_mode(self, name: str, mode: Mode) -> schemas.MachineView:
        """Raises NoSuchThing."""
        self._require(name)
        self._agent.apply(ev.ModeSet(name, mode, self._until(mode)))
        return self.machine(name)

    def set_all_modes(self, mode: Mode) -> list[schemas.MachineView]:
        """Of every machine of the shop."""
        self._agent.apply(ev.ModeSet("", mode, self._until(mode)))
        return self.machines()

    def _until(self, mode: Mode) -> datetime | None:
        """Nothing new *today* ends with the day."""
        return end_of_today(datetime.now(UTC), self._agent.zone) if mode is Mode.NOTHING_NEW else None

    def shop(self) -> schemas.ShopView:
        return schemas.ShopView(alarm=self._agent.memory.policy_fault)

    async def act(self, name: str, request: wire.Request) -> None:
        """Raises NoSuchThing, Refused with the streamer's reason."""
        self._require(name)
        await self._ask(name, request)
        await self._status(name)

    async def home(self, name: str) -> schemas.MachineView:
        await self.act(name, wire.Home())
        return self.machine(name)

    async def offset(self, name: str, request: wire.SetWorkZero | wire.Probe) -> schemas.Offset:
        """The work zero as the machine reads it back. Raises NoSuchThing, Refused."""
        self._require(name)
        try:
            offset = await self._agent.watches[name].ask(request, wire.WorkOffset)
        except (StreamerGone, StreamerSaidNo) as error:
            raise Refused(str(error)) from error
        await self._status(name)
        return schemas.Offset(work_offset_mm=offset.work_offset_mm)

    def program(self, name: str) -> Path:
        """The file of the run under way, or of the one that is next. Raises NoSuchThing, Refused."""
        self._require(name)
        memory = self._agent.memory
        runs = memory.on(name, AFTER_PERMIT) or memory.on(name, frozenset({RunState.ARMED, RunState.STAGED}))
        if not runs or runs[0].program is None:
            raise Refused(f"no program is ready for {name}")
        program = runs[0].program
        path = Path(program.path)
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != program.sha256:
            raise Refused(f"the program of run {runs[0].id} is not the one that was staged: cancel the run")
        return path

    def _require(self, name: str) -> None:
        if name not in self._agent.watches:
            raise NoSuchThing(f"no machine {name}; there are: {', '.join(self._agent.watches)}")

    async def _ask(self, name: str, request: wire.Request) -> None:
        try:
            await self._agent.watches[name].ask(request, wire.Done)
        except (StreamerGone, StreamerSaidNo) as error:
            raise Refused(str(error)) from error

    async def _status(self, name: str) -> wire.MachineStatus:
        try:
            return await self._agent.watches[name].refresh()
        except (StreamerGone, StreamerSaidNo) as error:
            raise Refused(str(error)) from error

    def _view(self, task: Task) -> schemas.TaskView:
        view = schemas.TaskView(
            id=task.id, kind=task.kind, title=task.title, note=task.note, machine=task.machine or None
        )
        if task.machine:
            facts = self._agent.memory.facts[task.machine]
            view = view.model_copy(
                update={"router": facts.router, "attested": facts.attested, "tool_mm": facts.tool_mm}
            )
        if task.run is not None:
            view = view.model_copy(update=run_fields(task.run, self._agent.memory))
        if task.lot is not None:
            lot = task.lot
            quantity = lot.quantity if lot.ready_pieces is None else lot.ready_pieces
            update = {"lot": lot.id, "part": lot.part, "material": lot.material, "quantity": quantity}
            money = {"payout": lot.payout, "currency": lot.currency, "ship_to": lot.ship_to, "notices": lot.notices}
            view = view.model_copy(update={**update, **money})
        return view
