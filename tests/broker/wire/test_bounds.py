"""Numbers that no shop has: each would spoil the plan, or the books, of everybody."""

import pytest
from pydantic import ValidationError

from broker.wire.messages import Heartbeat, Progress, Staged
from broker.wire.shop import MachineSpec, Rates, Stock
from tests.broker.quotes.towns import UNO

SPEC, STOCK, RATES = UNO.machines[0], UNO.stock[0], UNO.rates
STAGED = {"kind": "staged", "program_sha256": "0" * 64, "lines": 1, "estimate_s": 1.0, "made_by": "x"}
PROGRESS = {"type": "progress", "run": "r", "machine": "m", "lines_done": 1, "lines_total": 2}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Rates, RATES.model_dump(), {"machine_per_h": -1}),
        (Rates, RATES.model_dump(), {"labour_per_h": -1}),
        (Rates, RATES.model_dump(), {"setup": -1}),
        (Rates, RATES.model_dump(), {"shipping": 10**18}),
        (Stock, STOCK.model_dump(), {"price_per_kg": -1}),
        (Stock, STOCK.model_dump(), {"price_per_sheet": -1}),
        (Stock, STOCK.model_dump(), {"density_g_cm3": 0.0}),
        (Stock, STOCK.model_dump(), {"sheet_mm": (0.0, 400.0, 3.0)}),
        (MachineSpec, SPEC.model_dump(), {"volume_mm": (float("inf"), 200.0, 200.0)}),
        (MachineSpec, SPEC.model_dump(), {"volume_mm": (200.0, 200.0, -1.0)}),
        (MachineSpec, SPEC.model_dump(), {"spacing_mm": float("nan")}),
        (MachineSpec, SPEC.model_dump(), {"margin_mm": -1.0}),
        (MachineSpec, SPEC.model_dump(), {"tool_mm": 0.0}),
        (MachineSpec, SPEC.model_dump(), {"keep_out_mm": ((30.0, 0.0, 0.0, 15.0),)}),
        (MachineSpec, SPEC.model_dump(), {"keep_out_mm": ((0.0, 0.0, float("inf"), 15.0),)}),
        (Staged, STAGED, {"estimate_s": float("inf")}),
        (Staged, STAGED, {"estimate_s": -1.0}),
        (Staged, STAGED, {"lines": 10**30}),
        (Progress, PROGRESS, {"lines_total": 10**30}),
        (Heartbeat, {"machines": ()}, {"leases": ("r",) * 100_000}),
    ],
)
def test_a_number_that_cannot_be_is_refused(
    kind: type[Rates | Stock | MachineSpec | Staged | Progress | Heartbeat],
    good: dict[str, object],
    bad: dict[str, object],
) -> None:
    kind.model_validate(good)
    with pytest.raises(ValidationError):
        kind.model_validate(good | bad)
