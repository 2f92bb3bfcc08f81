import pytest

from broker.wire.rest import Problem
from tests.broker.conftest import Town
from tests.broker.parts.shapes import box_stl, rectangle_dxf
from tests.broker.quotes.firstfit import PIECE_S

_KINDS = ["machine", "material", "setup", "labour", "shipping"]


async def test_a_price_is_itemised_and_sums_to_the_cent(town: Town) -> None:
    box = await town.upload("box.stl", box_stl(20, 10, 5))
    panel = await town.upload("panel.dxf", rectangle_dxf(100, 50))
    quote = await town.quote(
        {"part_id": box, "quantity": 7, "material": "pla"}, {"part_id": panel, "quantity": 3, "material": "Plywood"}
    )
    assert [line.kind for line in quote.lines] == [*_KINDS, *_KINDS, "fee"]
    assert sum(line.amount for line in quote.lines) == quote.total
    amounts = [line.amount for line in quote.lines]
    # 7 pieces of 600 s at 3.00/h; 1.30 g of PLA each; 0.7 plates; 2.8 + 3.5 min of labour at 18.00/h; one parcel.
    assert [amounts[0], *amounts[2:5]] == [350, 70, 189, 450]
    assert 10 <= amounts[1] <= 22
    # 3 pieces of 600 s at 9.00/h; 110 × 60 mm of 600 × 400; 0.3 plates; 1.2 + 1.5 min at 20.00/h; the other parcel.
    assert amounts[5:10] == [450, 91, 90, 90, 601]
    assert amounts[10] == (sum(amounts[:10]) + 5) // 10
    assert [item.material for item in quote.items] == ["PLA", "plywood"]
    assert quote.due_at is not None
    assert (quote.due_at - quote.created_at).total_seconds() == pytest.approx((7 * PIECE_S + 86_400) * 1.25)
    assert [left.machine for left in quote.items[0].left_out] == ["router"]
    async with town.ana.client(town.url) as client:
        assert (await client.get(f"/quotes/{quote.id}")).json() == quote.model_dump(mode="json")


async def test_no_material_takes_the_cheapest_in_stock(town: Town) -> None:
    box = await town.upload("box.stl", box_stl(20, 10, 5))
    quote = await town.quote({"part_id": box, "quantity": 1})
    assert quote.items[0].material == "PLA"


_BAD: tuple[tuple[dict[str, object], str, str], ...] = (
    ({"quantity": 0}, "quantity", "1 to 100,000"),
    ({"quantity": -1}, "quantity", "1 to 100,000"),
    ({"quantity": 10**9}, "quantity", "1,000,000,000"),
    ({"quantity": 10**30}, "quantity", "1 to 100,000"),
    ({"material": "unobtainium"}, "material", "PETG or PLA"),
    ({"material": "plywood"}, "material", "PETG or PLA"),
    ({"process": "cut2d"}, "process", "a mesh"),
    ({"process": "laser"}, "process", "fdm"),
    ({"recipe": {"infill": 1.5}}, "recipe", "0 to 1"),
    ({"recipe": {"layer_mm": 5}}, "recipe", "0.05 to 0.6"),
)


async def test_a_bad_wish_is_refused_by_name(town: Town) -> None:
    box = await town.upload("box.stl", box_stl(20, 10, 5))
    for wish, where, words in _BAD:
        answer = await town.ask({"part_id": box, "quantity": 1, "material": "PLA"} | wish)
        problem = Problem.model_validate_json(answer.content)
        assert answer.status_code == 422, wish
        assert where in (problem.where or ""), wish
        assert words in f"{problem.detail} {problem.fix}", wish


async def test_a_part_too_large_for_every_machine_hears_by_how_much(town: Town) -> None:
    beam = await town.upload("beam.stl", box_stl(300, 10, 5))
    problem = Problem.model_validate_json((await town.ask({"part_id": beam, "quantity": 1, "material": "PLA"})).content)
    assert problem.status == 422
    assert "Taller Uno prusa: x 300 mm is 50 mm over its 250 mm" in problem.detail
    assert "Taller Dos router: works by cut2d" in problem.detail


async def test_the_same_key_quotes_once(town: Town) -> None:
    box = await town.upload("box.stl", box_stl(20, 10, 5))
    first, again = [await town.ask({"part_id": box, "quantity": 2}, key="q1") for _ in range(2)]
    other = await town.ask({"part_id": box, "quantity": 3}, key="q1")
    assert first.json() == again.json()
    assert (again.status_code, other.status_code) == (201, 422)


async def test_unknown_parts_and_empty_wishes_are_refused(town: Town) -> None:
    assert (await town.ask({"part_id": "part_none", "quantity": 1})).status_code == 404
    assert (await town.ask()).status_code == 422
