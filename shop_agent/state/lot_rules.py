"""Lots: offered, accepted by standing rule or by a person, and handed over when all their pieces are good."""

from dataclasses import replace

from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import Instruction, Tell
from shop_agent.state.memory import Memory
from shop_agent.state.records import LotRecord


def offered(memory: Memory, event: ev.LotOffered) -> list[Instruction]:
    """Offers are repeated until answered; a lot that grew is offered whole."""
    known = memory.lots.get(event.lot)
    if known is not None and known.quantity == event.quantity:
        return []
    lot = LotRecord(
        event.lot, event.part, event.material, event.quantity, event.payout, event.currency, line=event.line
    )
    if known is not None:
        lot = replace(lot, accepted=known.accepted, asked=known.asked + 1)
    memory.keep_lot(lot)
    if event.material not in memory.rules.stock:
        return answered(memory, ev.LotAnswered(lot.id, accept=False, reason=f"{event.material} is not in stock"))
    if memory.rules.auto_accept_lots:
        return answered(memory, ev.LotAnswered(lot.id, accept=True))
    return []


def told_again(memory: Memory) -> list[Instruction]:
    """An epoch begins: whether the answers of the one before were heard, nobody knows."""
    out: list[Instruction] = []
    for lot in memory.lots.values():
        if lot.declined:
            out.append(Tell(say.LotDeclined(lot.id, "the shop declined")))
        elif lot.accepted and not lot.handed_over:
            out.append(Tell(say.LotAccepted(lot.id, lot.accepted)))
    return out


def answered(memory: Memory, event: ev.LotAnswered) -> list[Instruction]:
    """Raises Refused."""
    lot = _known(memory, event.lot)
    if not event.accept:
        memory.keep_lot(replace(lot, declined=True))
        return [Tell(say.LotDeclined(lot.id, event.reason or "the shop declined"))]
    memory.keep_lot(replace(lot, accepted=lot.quantity, declined=False))
    return [Tell(say.LotAccepted(lot.id, lot.quantity))]


def ready(memory: Memory, event: ev.LotIsReady) -> list[Instruction]:
    """Asked for until handed over. A broker that was restored may have lost the word on what went since, and our
    journal the epoch in which it was told: whoever asks for what has gone is told again."""
    known = memory.lots.get(event.lot) or LotRecord(event.lot, "", "", event.pieces, 0, "", accepted=event.pieces)
    if known.handed_over and known.ready_pieces == event.pieces:
        return [_gone(known)]
    news = replace(known, ready_pieces=event.pieces, ship_to=event.ship_to, notices=event.notices)
    if news != known:
        memory.keep_lot(replace(news, handed_over=False))
    return []


def handed_over(memory: Memory, event: ev.HandoverGiven) -> list[Instruction]:
    """Raises Refused."""
    lot = _known(memory, event.lot)
    if lot.ready_pieces is None or lot.handed_over:
        raise Refused("this lot is not waiting to be handed over")
    gone = replace(lot, handed_over=True, packed_by=event.operator, reference=event.reference)
    memory.keep_lot(gone)
    return [_gone(gone)]


def _gone(lot: LotRecord) -> Tell:
    return Tell(say.HandedOver(lot.id, lot.packed_by, lot.reference))


def _known(memory: Memory, lot: str) -> LotRecord:
    if lot not in memory.lots:
        raise Refused(f"no lot {lot} is known here")
    return memory.lots[lot]
