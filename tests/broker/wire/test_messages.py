"""The messages as they stand on the wire: agents in the field speak them, so a change here is a change of protocol."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from broker.wire import messages as m
from broker.wire.base import Wire
from broker.wire.plates import Plate, PlatedPart
from broker.wire.rolled_back import RolledBack
from broker.wire.shop import Enrolled, Enrolment, Inventory, MachineSpec, NextKey, Process, Rates, Stock, Window
from broker.wire.states import RunState

GOLDEN = Path(__file__).with_name("golden.jsonl")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RECORD = m.SetupRecord(
    id="rec1", operator="eva", boot_id="b1", at=AT, bed_clear=True, material="PLA", tool_mm=0.4, clamps_clear=None
)
COUNT = m.LotCount(lot="lot1", good=3, scrap=(m.Scrap(reason=m.ScrapReason.LAYER_SHIFT, pieces=1),))
INVENTORY = Inventory(
    workshop="Taller Uno",
    town="Oviedo",
    country="ES",
    latitude=43.36,
    longitude=-5.85,
    attended=(Window(weekday=0, start_min=480, end_min=1080),),
    rates=Rates(),
    stock=(Stock(material="plywood-3", sheet_mm=(600, 400, 3), price_per_sheet=650),),
    machines=(
        MachineSpec(
            name="router", driver="grbl", process=Process.CUT2D, volume_mm=(600, 400, 60), materials=("plywood-3",)
        ),
    ),
)
BODIES: tuple[m.Body, ...] = (
    INVENTORY,
    m.LotAccepted(lot="lot1", quantity=4),
    m.LotDeclined(lot="lot1", reason="no time"),
    m.MachineChanged(machine="router", availability=m.Availability.OWN_WORK),
    m.HandedOver(lot="lot1", operator="eva"),
    m.Claimed(),
    m.Rejected(reason="too hot"),
    m.Staged(program_sha256="0" * 64, lines=10, estimate_s=5.5, made_by="slicer 1.0"),
    m.Released(reason="own work"),
    m.Armed(record=RECORD),
    m.Lapsed(reason="door"),
    m.NotStarted(reason="the permit lapsed"),
    m.Starting(),
    m.Running(evidence="M73 P1"),
    m.Paused(reason="operator"),
    m.Resumed(),
    m.Finished(lines=10, seconds=5.0),
    m.Faulted(reason="thermal runaway", safe=False),
    m.Stopped(reason="asked to"),
    m.Unknown(reason="reboot"),
    m.Counted(operator="eva", counts=(COUNT,)),
    m.Settled(operator="eva", note="spaghetti", counts=()),
    m.Skipped(lot="lot1", object="box.stl copy 1", reason=m.ScrapReason.ADHESION, operator="eva"),
    m.Corrected(operator="eva", note="one was warped", counts=(COUNT,)),
)
AGENT: tuple[m.AgentFrame, ...] = (
    m.Hello(agent="agt1", epoch="e1", software="1.0", signature="c2ln"),
    m.Events(events=(m.Signed(payload="{}", signature="c2ln"),)),
    m.Heartbeat(
        machines=(m.MachineReport(machine="router", availability=m.Availability.BUSY, run="run1"),), leases=("run2",)
    ),
    m.Progress(run="run1", machine="router", lines_done=1, lines_total=10),
    m.PermitRequest(run="run1", fence=1, version=5, record="rec1", request="req1"),
)
BROKER: tuple[m.BrokerFrame, ...] = (
    m.Challenge(nonce="n1"),
    m.Welcome(broker_epoch="1", acked=0),
    m.Ack(epoch="e1", seq=1),
    RolledBack(epoch="e1", reason="seq 2 said something else before"),
    m.Conflict(seq=2, run="run1", state=RunState.ARMED, version=5, fence=1, reason="stale"),
    m.LotOffer(
        lot="lot1",
        order="ord1",
        line="lin1",
        part="box.stl",
        process=Process.FDM,
        material="PLA",
        quantity=4,
        payout=812,
        currency="EUR",
        due=AT,
    ),
    m.RunOffer(
        run="run1",
        fence=1,
        version=2,
        machine="prusa",
        plate_sha256="0" * 64,
        lots=("lot1",),
        process=Process.FDM,
        material="PLA",
    ),
    m.Permit(run="run1", fence=1, version=6, request="req1"),
    m.PermitRefused(run="run1", request="req1", reason="not armed"),
    m.Withdrawn(run="run1", fence=2, reason="expired"),
    m.StopRequest(run="run1", reason="wrong colour"),
    m.RunUnsettled(
        run="run1",
        fence=1,
        version=7,
        state=RunState.UNKNOWN,
        machine="prusa",
        material="PLA",
        plate_sha256="0" * 64,
        pieces=(("lot1", 4),),
        reason="silence",
    ),
    m.LotReady(lot="lot1", pieces=4, ship_to="ana, Calle Uría 1, Oviedo"),
)
PLATE = Plate(
    process=Process.FDM,
    material="PLA",
    size_mm=(250, 210),
    usable_mm=(3, 3, 247, 207),
    parts=(
        PlatedPart(
            part_sha256="0" * 64,
            name="box.stl",
            lot="lot1",
            height_mm=5,
            outline=((0, 0), (20, 0), (20, 10), (0, 10)),
            placements=((3, 3, 0),),
        ),
    ),
)


def _said() -> list[Wire]:
    envelopes = [
        m.Envelope(agent="agt1", epoch="e1", seq=number, at=AT, run="run1", fence=1, version=5, body=body)
        for number, body in enumerate(BODIES, start=1)
    ]
    enrolment = Enrolment(code="c0de", public_key="a2V5")
    key = NextKey(agent="agt1", time=AT.isoformat(), public_key="a2V5", signature="c2ln", possession="b3du")
    return [*envelopes, *AGENT, *BROKER, PLATE, enrolment, Enrolled(agent="agt1", workshop="Taller Uno"), key]


def test_messages_read_as_they_always_have() -> None:
    assert [message.model_dump_json() for message in _said()] == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_an_older_broker_hears_of_people_and_plates_only_where_they_are_unusual() -> None:
    shop = next(body for body in BODIES if isinstance(body, Inventory))
    unusual = shop.model_copy(update={"operators": 2, "share_plates": False})
    assert not {"operators", "share_plates"} & shop.model_dump().keys()
    assert '"operators":2,"share_plates":false' in unusual.model_dump_json()
    assert Inventory.model_validate_json(unusual.model_dump_json()) == unusual


def test_what_a_restored_broker_needs_is_sent_where_there_is_something_to_say() -> None:
    claimed = m.Claimed(machine="router", pieces=(("lot1", 4),))
    assert claimed.model_dump_json() == '{"kind":"claimed","machine":"router","pieces":[["lot1",4]]}'
    hello = m.Hello(agent="agt1", epoch="e1", software="1.0", signature="c2ln", last_seq=0)
    assert '"last_seq":0' in hello.model_dump_json()
    asked = m.Withdrawn(run="run1", fence=2, reason="restored", version=3)
    for message in (claimed, hello, asked, m.LotAccepted(lot="lot1", quantity=4, line="lin1")):
        assert type(message).model_validate_json(message.model_dump_json()) == message


def _kinds(union: TypeAdapter[m.Body] | TypeAdapter[m.AgentFrame] | TypeAdapter[m.BrokerFrame]) -> set[str]:
    return set(union.json_schema()["discriminator"]["mapping"])


def test_every_body_and_frame_is_among_them() -> None:
    body: TypeAdapter[m.Body] = TypeAdapter(m.Body)
    agent: TypeAdapter[m.AgentFrame] = TypeAdapter(m.AgentFrame)
    broker: TypeAdapter[m.BrokerFrame] = TypeAdapter(m.BrokerFrame)
    assert {kind.kind for kind in BODIES} == _kinds(body)
    assert {frame.type for frame in AGENT} == _kinds(agent)
    assert {frame.type for frame in BROKER} == _kinds(broker)


@pytest.mark.parametrize("message", _said(), ids=lambda message: type(message).__name__)
def test_what_is_said_is_understood(message: Wire) -> None:
    assert type(message).model_validate_json(message.model_dump_json()) == message


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"ack","epoch":"e1","seq":1,"more":true}',
        '{"type":"ack","epoch":"e1"}',
        '{"type":"acknowledge","epoch":"e1","seq":1}',
    ],
)
def test_what_is_not_in_the_protocol_is_refused(text: str) -> None:
    frames: TypeAdapter[m.BrokerFrame] = TypeAdapter(m.BrokerFrame)
    with pytest.raises(ValidationError):
        frames.validate_json(text)
