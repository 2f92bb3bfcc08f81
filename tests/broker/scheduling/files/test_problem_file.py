"""A problem by name becomes the arrays it says; what is wrong with a file is said by name and place."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from pydantic import ValidationError

from broker.scheduling.errors import SchedulingError
from broker.scheduling.files.named import named_problem
from broker.scheduling.files.problem_file import ProblemFile
from broker.scheduling.schema_command import schema_text

DOCS = Path(__file__).parents[4] / "docs"


def example() -> dict[str, Any]:
    """That of the guide."""
    text = re.search(r"```json\n(.*?)```", (DOCS / "scheduling.md").read_text(encoding="utf-8"), re.DOTALL)
    assert text
    read: dict[str, Any] = json.loads(text[1])
    return read


def test_the_schema_is_written_by_its_command() -> None:
    assert (DOCS / "scheduling-problem.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_example_matches_the_schema() -> None:
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(example())


def test_the_example_as_arrays() -> None:
    problem, names = named_problem(ProblemFile.model_validate(example()))
    assert names.lots == ("brackets", "knobs")
    assert names.machines == ("left", "right")
    lots = problem.lots
    assert lots.quantity.tolist() == [12, 3]
    assert lots.family.tolist() == [0, 1]
    assert lots.per_plate.tolist() == [[6, 0], [20, 0]]
    assert lots.piece_s.tolist() == [[3600, 0], [1200, 0]]
    assert problem.reasons[lots.reason[0, 1]] == "it cuts sheets only"
    assert problem.reasons[lots.reason[1, 1]] == "the file names no way of making it there"
    assert lots.material.tolist() == [0, -1]
    assert lots.rejection.tolist() == [259200, 259200]
    assert lots.share.tolist() == [-1, -1]
    assert problem.setup_s.tolist() == [[0, 300], [600, 0], [600, 600]]
    assert problem.machines.family.tolist() == [0, 2]
    assert problem.machines.block_machine.tolist() == [1]
    assert problem.workshops.ship_s.tolist() == [[86400]]
    assert problem.workshops.stock.tolist() == [[1000]]
    assert (problem.barred.lot.tolist(), problem.barred.machine.tolist()) == ([1], [1])


def test_what_isn_t_said() -> None:
    file = example()
    file["lots"][0] |= {"due_s": None, "share": "white", "order": "A"}
    file["lots"][1] |= {"family": "PLA white", "share": "white", "order": "A", "material": "resin", "place": "Oslo"}
    problem, _ = named_problem(ProblemFile.model_validate(file))
    assert problem.lots.due_s[0] == np.inf
    assert problem.lots.share.tolist() == [0, 0]
    assert problem.lots.order.tolist() == [0, 0]
    assert problem.workshops.stock.tolist() == [[1000, np.inf]]
    assert problem.workshops.ship_s.tolist() == [[86400], [np.inf]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f["lots"][0].update(family="PETG"), "lot 'brackets': 'PETG' isn't among the families"),
        (lambda f: f["lots"][0]["ways"][0].update({"class": "mill"}), "lot 'brackets', ways: 'mill' isn't among"),
        (lambda f: f["lots"][1]["barred"][0].update(machine="x"), "lot 'knobs', barred: 'x' isn't among the machines"),
        (lambda f: f["machines"][0].update(workshop="Nice"), "machine 'left': 'Nice' isn't among the workshops"),
        (lambda f: f["machines"][0].update(loaded="PETG"), "machine 'left': 'PETG' isn't among the families"),
        (lambda f: f["setups"]["pairs"][0].update(to="PETG"), "setups: 'PETG' isn't among the families"),
        (lambda f: f["lots"][1].update(id="brackets"), "lots: 'brackets' stands there twice"),
        (lambda f: f["families"].append("PLA white"), "families: 'PLA white' stands there twice"),
        (lambda f: f["workshops"][0]["shifts"].append([30000, 40000]), "merge what overlaps"),
        (lambda f: f["machines"][1]["blocks"].append([5, 4]), "ends no later than it begins"),
    ],
)
def test_a_name_that_points_nowhere_and_times_that_can_t_be(change: Any, words: str) -> None:
    file = example()
    change(file)
    with pytest.raises(SchedulingError) as caught:
        named_problem(ProblemFile.model_validate(file))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda f: f.update(colour=1), ("colour",)),
        (lambda f: f["lots"][0].update(quantity=-1), ("lots", 0, "quantity")),
        (lambda f: f["lots"][0].update(quantity=1.5), ("lots", 0, "quantity")),
        (lambda f: f["lots"][0].update(weight=0), ("lots", 0, "weight")),
        (lambda f: f["lots"][0]["ways"][0].update(piece_s=1e300), ("lots", 0, "ways", 0, "piece_s")),
        (lambda f: f["lots"][0].update(release_s=float("nan")), ("lots", 0, "release_s")),
        (lambda f: f["classes"][0].pop("unattended"), ("classes", 0, "unattended")),
    ],
)
def test_what_no_file_may_hold(change: Any, place: tuple[str | int, ...]) -> None:
    file = example()
    change(file)
    with pytest.raises(ValidationError) as caught:
        ProblemFile.model_validate(file)
    assert caught.value.errors()[0]["loc"] == place


def test_nothing_at_all_is_a_problem() -> None:
    file = {"horizon_s": 0, "families": [], "classes": [], "workshops": [], "machines": [], "lots": []}
    problem, names = named_problem(ProblemFile.model_validate(file))
    assert (len(problem.lots.quantity), names.lots) == (0, ())
