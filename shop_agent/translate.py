"""Between the wire's words and the pure core's."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import assert_never

from broker.wire import messages as wire
from broker.wire.rolled_back import RolledBack
from broker.wire.shop import Process
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AskPermit, CancelRun, ForbidStart, StartRun, Tell
from shop_agent.state.memory import Memory
from shop_agent.state.records import Count, MachineView, Setup
from shop_agent.streamer import wire as streamer
from shop_agent.streamer.wire import FirstLayerFailed, MachineStatus, ObjectSkipped, Report, StateReport


def setup_record(setup: Setup) -> wire.SetupRecord:
    return wire.SetupRecord.model_validate(asdict(setup))


def body(report: say.RunReport | say.ShopReport) -> wire.RunBody | wire.Remark | wire.ShopBody:
    """What goes into an envelope."""
    match report:
        case say.Counted() | say.Settled() | say.Corrected():
            return _counts(report)
        case say.Skipped(lot=lot, object=name, reason=reason, operator=operator):
            return wire.Skipped(lot=lot, object=name, reason=scrap_reason(reason), operator=operator)
        case say.LotAccepted() | say.LotDeclined() | say.HandedOver() | say.MachineChanged():
            return _shop_body(report)
        case say.Claimed() | say.Rejected() | say.Staged() | say.Released() | say.Armed() | say.Lapsed():
            return _early_body(report)
        case say.NotStarted(reason=reason):
            return wire.NotStarted(reason=reason)
        case _:
            return _machine_body(report)


def told(tell: Tell, memory: Memory) -> wire.RunBody | wire.Remark | wire.ShopBody:
    """What goes into an envelope; with what was offered, where a restored broker would need it back."""
    report = tell.report
    if isinstance(report, say.Claimed) and (run := memory.runs.get(tell.run or "")) is not None:
        return wire.Claimed(machine=run.machine, pieces=run.pieces)
    if isinstance(report, say.LotAccepted):
        return wire.LotAccepted(lot=report.lot, quantity=report.quantity, line=memory.lots[report.lot].line)
    return body(report)


def _shop_body(report: say.ShopReport) -> wire.ShopBody:
    match report:
        case say.LotAccepted(lot=lot, quantity=quantity):
            return wire.LotAccepted(lot=lot, quantity=quantity)
        case say.LotDeclined(lot=lot, reason=reason):
            return wire.LotDeclined(lot=lot, reason=reason)
        case say.HandedOver(lot=lot, operator=operator, reference=reference):
            return wire.HandedOver(lot=lot, operator=operator, reference=reference)
        case say.MachineChanged(machine=machine, standing=standing, reason=reason):
            return wire.MachineChanged(machine=machine, availability=wire.Availability(standing), reason=reason)
    assert_never(report)


def _early_body(
    report: say.Claimed | say.Rejected | say.Staged | say.Released | say.Armed | say.Lapsed,
) -> wire.RunBody:
    match report:
        case say.Claimed():
            return wire.Claimed()
        case say.Rejected(reason=reason):
            return wire.Rejected(reason=reason)
        case say.Released(reason=reason):
            return wire.Released(reason=reason)
        case say.Armed(setup=setup):
            return wire.Armed(record=setup_record(setup))
        case say.Lapsed(reason=reason):
            return wire.Lapsed(reason=reason)
        case say.Staged(program=program):
            pass
    return wire.Staged(
        program_sha256=program.sha256,
        lines=program.lines,
        estimate_s=program.estimate_s,
        material_g=program.material_g,
        made_by=program.made_by,
    )


_KINDS: Mapping[type, type[StateReport]] = {
    say.Starting: wire.Starting,
    say.Running: wire.Running,
    say.Paused: wire.Paused,
    say.Resumed: wire.Resumed,
    say.Finished: wire.Finished,
    say.Faulted: wire.Faulted,
    say.Stopped: wire.Stopped,
    say.Unknown: wire.Unknown,
}
_CORE: Mapping[type, type[say.StateReport]] = {theirs: ours for ours, theirs in _KINDS.items()}
"""These eight have the same fields on both sides."""


def _machine_body(report: say.StateReport) -> StateReport:
    return _KINDS[type(report)].model_validate(asdict(report))


def machine_report(report: Report) -> say.MachineReport:
    """What a streamer wrote."""
    if isinstance(report, ObjectSkipped):
        return say.ObjectSkipped(report.object, report.operator, report.reason)
    if isinstance(report, FirstLayerFailed):
        return say.FirstLayerFailed(report.operator, report.note, report.lines)
    return _CORE[type(report)](**report.model_dump(exclude={"kind"}))


def scrap_reason(word: str) -> wire.ScrapReason:
    """A firmware's own words are no reason of ours."""
    return wire.ScrapReason(word) if word in list(wire.ScrapReason) else wire.ScrapReason.OTHER


def _counts(report: say.Counted | say.Settled | say.Corrected) -> wire.RunBody | wire.Remark:
    counts = wire_counts(report.counts)
    if isinstance(report, say.Counted):
        return wire.Counted(operator=report.operator, counts=counts)
    if isinstance(report, say.Corrected):
        return wire.Corrected(operator=report.operator, note=report.note, counts=counts)
    return wire.Settled(operator=report.operator, note=report.note, counts=counts, first_layer=report.first_layer)


def wire_counts(counts: tuple[Count, ...]) -> tuple[wire.LotCount, ...]:
    return tuple(
        wire.LotCount(
            lot=count.lot,
            good=count.good,
            scrap=tuple(wire.Scrap(reason=wire.ScrapReason(reason), pieces=pieces) for reason, pieces in count.scrap),
        )
        for count in counts
    )


def core_counts(counts: tuple[wire.LotCount, ...]) -> tuple[Count, ...]:
    return tuple(
        Count(count.lot, count.good, tuple((scrap.reason.value, scrap.pieces) for scrap in count.scrap))
        for count in counts
    )


def view(status: MachineStatus) -> MachineView:
    ready = status.state == "ready" and not status.quarantine
    return MachineView(
        ready=ready,
        boot_id=status.boot_id,
        reason="" if ready else (status.quarantine or status.reason or status.state.value),
        work_offset_mm=status.work_offset_mm,
        quarantine=status.quarantine,
        warm=status.run if status.run is not None and not status.heating else "",
        homed=status.homed,
        zeroed=status.zeroed,
        probed=status.probed,
    )


def permit_request(order: AskPermit) -> wire.PermitRequest:
    return wire.PermitRequest(
        run=order.run, fence=order.fence, version=order.version, record=order.record, request=order.request
    )


def streamer_request(order: StartRun | ForbidStart | CancelRun) -> streamer.Start | streamer.Forbid | streamer.Cancel:
    match order:
        case ForbidStart(run=run, fence=fence, reason=reason):
            return streamer.Forbid(run=run, fence=fence, reason=reason)
        case CancelRun(run=run, reason=reason):
            return streamer.Cancel(reason=reason, run=run)
        case StartRun(program=program):
            pass
    return streamer.Start(
        run=order.run,
        fence=order.fence,
        program=program.path,
        sha256=program.sha256,
        record=setup_record(order.setup),
        deadline_s=order.deadline_s,
        present_until_s=order.present_until_s,
        blocks=program.blocks,
    )


def broker_event(frame: wire.BrokerFrame, *, latest: bool = True) -> ev.BrokerEvent | None:
    """None for frames that concern the link alone. `latest`: see `RunConflicted`."""
    match frame:
        case wire.LotOffer():
            return ev.LotOffered(
                frame.lot, frame.part, frame.material, frame.quantity, frame.payout, frame.currency, frame.line
            )
        case wire.LotReady():
            return ev.LotIsReady(frame.lot, frame.pieces, frame.ship_to, frame.notices)
        case wire.RunUnsettled():
            return _unsettled(frame)
        case wire.Challenge() | wire.Welcome() | wire.Ack() | RolledBack():
            return None
        case _:
            return _run_event(frame, latest)


def _unsettled(frame: wire.RunUnsettled) -> ev.RunUnsettled:
    return ev.RunUnsettled(
        run=frame.run,
        fence=frame.fence,
        version=frame.version,
        state=frame.state,
        machine=frame.machine,
        material=frame.material,
        plate_sha256=frame.plate_sha256,
        pieces=frame.pieces,
        reason=frame.reason,
    )


def _run_event(
    frame: wire.Conflict | wire.RunOffer | wire.Permit | wire.PermitRefused | wire.Withdrawn | wire.StopRequest,
    latest: bool,
) -> ev.BrokerEvent:
    match frame:
        case wire.RunOffer():
            return ev.RunOffered(
                run=frame.run,
                fence=frame.fence,
                version=frame.version,
                machine=frame.machine,
                plate_sha256=frame.plate_sha256,
                lots=frame.lots,
                router=frame.process is Process.CUT2D,
                material=frame.material,
                pieces=frame.pieces,
            )
        case wire.Permit():
            return ev.PermitGranted(frame.run, frame.fence, frame.version, frame.request, frame.life_s)
        case wire.PermitRefused():
            return ev.PermitDenied(frame.run, frame.request, frame.reason)
        case wire.Withdrawn():
            return ev.RunWithdrawn(frame.run, frame.fence, frame.reason, frame.version)
        case wire.StopRequest():
            return ev.StopAsked(frame.run, frame.reason)
        case wire.Conflict():
            return ev.RunConflicted(frame.run, frame.state, frame.version, frame.fence, frame.reason, latest)
    assert_never(frame)
