"""Double entry. Every transfer's entries sum to zero; no purse but the outside's ever goes below zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.models import Account
from broker.database import new_id
from broker.errors import BadRequest, BrokerError
from broker.ledger import repository
from broker.ledger.models import Entry, Purse, Transfer
from broker.ledger.money import as_text


class Kind(StrEnum):
    DEPOSIT = "deposit"
    HOLD = "hold"
    RELEASE = "release"
    REFUND = "refund"


class InsufficientFunds(BrokerError):
    status = 402
    title = "Not enough money"


class LedgerFault(BrokerError):
    """Somebody asked the books for what can't be: a fault of this program."""

    title = "The books would not balance"


@dataclass(frozen=True, slots=True)
class OrderSums:
    """Minor units. At the end `held` is 0 and `paid` the quote's total."""

    balance: int
    """Sum of all entries of the order's transfers: 0, always."""
    held: int
    paid: int
    """What left the held money for workshops and fees."""


async def balance(session: AsyncSession, owner: str) -> int:
    """What an account or workshop may dispose of."""
    return await repository.in_purse(session, Purse.BALANCE, owner)


async def order_sums(session: AsyncSession, order_id: str) -> OrderSums:
    return OrderSums(
        balance=await repository.moved(session, order_id),
        held=await repository.in_purse(session, Purse.HELD, order_id),
        paid=-await repository.moved(session, order_id, Kind.RELEASE, Purse.HELD),
    )


async def deposit(
    session: AsyncSession, account_id: str, amount: int, currency: str, now: datetime, note: str = ""
) -> None:
    """Raises BadRequest unless `amount` is positive."""
    if amount <= 0:
        raise BadRequest(f"a deposit of {amount} is none", where="deposit", fix="give minor units above 0")
    moves = {(Purse.OUTSIDE, ""): -amount, (Purse.BALANCE, account_id): amount}
    await _transfer(session, Kind.DEPOSIT, None, moves, currency, now, note)


async def hold(
    session: AsyncSession, order_id: str, account_id: str, amount: int, currency: str, now: datetime
) -> None:
    """Put a buyer's money aside for an order. Raises InsufficientFunds, LedgerFault for a negative amount."""
    if amount < 0:
        raise LedgerFault(f"{amount} can't be held for order {order_id}")
    # Where writers run side by side, two holds must not both see the same balance.
    await session.execute(select(Account.id).where(Account.id == account_id).with_for_update())
    there = await balance(session, account_id)
    if there < amount:
        raise InsufficientFunds(
            f"the order costs {as_text(amount, currency)} and the balance is {as_text(there, currency)}",
            where="balance",
            fix=f"deposit {as_text(amount - there, currency)} more",
        )
    moves = {(Purse.BALANCE, account_id): -amount, (Purse.HELD, order_id): amount}
    await _transfer(session, Kind.HOLD, order_id, moves, currency, now)


async def release(
    session: AsyncSession, order_id: str, payouts: Mapping[str, int], fee: int, currency: str, now: datetime
) -> None:
    """Pay workshops (by id) and the fee out of an order's held money; in one go or in several.

    Raises LedgerFault if more would leave than is held, or a payout is negative.
    """
    await _leave_held(session, order_id, sum(payouts.values()) + fee)
    if fee < 0 or any(amount < 0 for amount in payouts.values()):
        raise LedgerFault(f"a payout of order {order_id} is negative")
    moves = {(Purse.BALANCE, workshop): amount for workshop, amount in payouts.items()}
    moves[Purse.FEES, ""] = fee
    moves[Purse.HELD, order_id] = -sum(moves.values())
    await _transfer(session, Kind.RELEASE, order_id, moves, currency, now)


async def refund(
    session: AsyncSession, order_id: str, account_id: str, amount: int, currency: str, now: datetime
) -> None:
    """Give held money back to the buyer. Raises LedgerFault if more than is held."""
    await _leave_held(session, order_id, amount)
    moves = {(Purse.HELD, order_id): -amount, (Purse.BALANCE, account_id): amount}
    await _transfer(session, Kind.REFUND, order_id, moves, currency, now)


async def _leave_held(session: AsyncSession, order_id: str, amount: int) -> None:
    held = await repository.in_purse(session, Purse.HELD, order_id)
    if not 0 <= amount <= held:
        raise LedgerFault(f"{amount} can't leave the {held} that are held for order {order_id}")


async def _transfer(
    session: AsyncSession,
    kind: Kind,
    order_id: str | None,
    moves: Mapping[tuple[Purse, str], int],
    currency: str,
    now: datetime,
    note: str = "",
) -> None:
    if sum(moves.values()) != 0:
        raise LedgerFault(f"the entries of a {kind} sum to {sum(moves.values())}")
    transfer = Transfer(id=new_id("tra"), kind=kind.value, order_id=order_id, note=note, created_at=now)
    session.add(transfer)
    await session.flush()
    session.add_all(
        Entry(transfer_id=transfer.id, purse=purse, owner=owner, amount=amount, currency=currency)
        for (purse, owner), amount in moves.items()
        if amount
    )
    await session.flush()
