"""A plate with parts of several orders, as each of them is shown it, is whole to who stands before the machine."""

from hardware_sim.network.api import Plated, PlateDocument, PlateSeen
from hardware_sim.network.plates import expected_pieces, whole

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
OF_A = Plated(name="a.stl", lot="lot_a", height_mm=3.0, outline=SQUARE, placements=((0.0, 0.0, 0.0),))
OF_B = Plated(name="b.stl", lot="lot_b", height_mm=5.0, outline=SQUARE, placements=((20.0, 0.0, 0.0),))


def _hidden(part: Plated) -> Plated:
    return part.model_copy(update={"name": "", "lot": "", "height_mm": 0.0})


def _shown(*parts: Plated) -> PlateSeen:
    size = (100.0, 100.0)
    document = PlateDocument(
        process="fdm", material="PLA", size_mm=size, usable_mm=(0.0, 0.0, *size), thickness_mm=0.0, parts=parts
    )
    return PlateSeen(id="plt_1", run="run_1", workshop="Nava", machine="printer", document=document)


def test_each_part_is_seen_as_its_own_order_is_shown_it() -> None:
    made = whole([_shown(OF_A, _hidden(OF_B)), _shown(_hidden(OF_A), OF_B)])
    assert made.document.parts == (OF_A, OF_B)
    assert [(one.label, one.height_mm) for one in expected_pieces(made.document, {})] == [
        ("lot_a", 3.0),
        ("lot_b", 5.0),
    ]
