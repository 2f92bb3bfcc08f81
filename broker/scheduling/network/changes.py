"""A live plan's world changed in place, small tables made anew: blocks, shifts, rows of lots."""

import numpy as np

from broker.scheduling.errors import OutOfRange
from broker.scheduling.network.events import Request
from broker.scheduling.network.live import LivePlan
from broker.scheduling.network.problem import Floats


def block(live: LivePlan, machine: int, from_s: float, until_s: float) -> None:
    """No run of the machine between these."""
    laid = live.world
    machines = laid.machines
    first, last = int(machines["block_first"][machine]), int(machines["block_last"][machine])
    at = first + int(np.searchsorted(laid.block_s[first:last, 0], from_s))
    rows = np.insert(laid.block_s, at, (from_s, until_s), axis=0)
    machines["block_last"][machine:] += 1
    machines["block_first"][machine + 1 :] += 1
    live.world = laid._replace(block_s=np.require(rows, requirements=["C", "W"]))


def replace_shifts(live: LivePlan, workshop: int, shift_s: Floats) -> None:
    """Raises `OutOfRange` unless each lasts and begins no earlier than the one before has ended."""
    if (shift_s[:, 1] <= shift_s[:, 0]).any() or (shift_s[1:, 0] < shift_s[:-1, 1]).any():
        raise OutOfRange("shift_s", f"of workshop {workshop}: {shift_s.tolist()} isn't in order and apart")
    laid = live.world
    shops = laid.shops
    first, last = int(shops["shift_first"][workshop]), int(shops["shift_last"][workshop])
    rows = np.concatenate([laid.shift_s[:first], shift_s, laid.shift_s[last:]])
    more = len(shift_s) - (last - first)
    shops["shift_last"][workshop:] += more
    shops["shift_first"][workshop + 1 :] += more
    live.world = laid._replace(shift_s=np.require(rows, requirements=["C", "W"]))


def write_lot(live: LivePlan, request: Request) -> int:
    """Into the first spare row, which is in use only once `live.lots` says so; its number.

    Raises
    ------
    OutOfRange
        Where no row is left (lay the plan out anew), or the request points at what isn't there.
    """
    laid, row, place = live.world, live.lots, live.places
    if row >= len(laid.lots):
        raise OutOfRange("lots", f"all {len(laid.lots)} rows are taken")
    if not 0 <= request.family < laid.setup_s.shape[1] or not request.material < laid.stock.shape[1]:
        raise OutOfRange("request", f"family {request.family} or material {request.material} is unknown")
    if request.quantity < 1 or not request.weight > 0:
        raise OutOfRange("request", f"asks for {request.quantity} pieces of weight {request.weight}")
    lot = laid.lots[row : row + 1]
    lot["quantity"], lot["family"], lot["release"] = request.quantity, request.family, request.release_s
    lot["due"], lot["deadline"], lot["weight"] = request.due_s, request.deadline_s, request.weight
    lot["rejection"], lot["material"], lot["use"] = request.rejection, request.material, request.use
    lot["order"], lot["place"], lot["share"], lot["waiting"] = -1 - row, place, -1, 0.0
    lot["kin_first"], lot["kin_last"] = row, row + 1
    laid.kin[row] = row
    laid.piece_s[row], laid.per_plate[row] = request.piece_s, request.per_plate
    laid.ship_s[place], laid.ship_cost[place] = request.ship_s, request.ship_cost
    return row


def request_of(live: LivePlan, lot: int) -> Request:
    """A lot of the plan, as its row says."""
    laid, row = live.world, live.world.lots[lot]
    return Request(
        family=int(row["family"]),
        quantity=int(row["quantity"]),
        piece_s=laid.piece_s[lot],
        per_plate=laid.per_plate[lot],
        ship_s=laid.ship_s[row["place"]],
        ship_cost=laid.ship_cost[row["place"]],
        release_s=float(row["release"]),
        due_s=float(row["due"]),
        weight=float(row["weight"]),
        rejection=float(row["rejection"]),
        deadline_s=float(row["deadline"]),
        material=int(row["material"]),
        use=float(row["use"]),
    )


def clear_lot(live: LivePlan) -> None:
    """The first spare row as it was."""
    laid, row = live.world, live.lots
    laid.lots[row : row + 1] = np.zeros(1, laid.lots.dtype)
    laid.lots["deadline"][row] = np.inf
    laid.piece_s[row], laid.per_plate[row], laid.kin[row] = 0.0, 0, 0
    laid.ship_s[live.places], laid.ship_cost[live.places] = 0.0, 0.0
