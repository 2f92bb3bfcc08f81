"""A network's chart: rows by workshop, changes hatched, misses marked; small whatever the plan's size."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from broker.drawing.bars import Runs
from broker.drawing.ink import ALARM, tone
from broker.drawing.network import MOST_BARS, Chart, network_svg

SVG = "{http://www.w3.org/2000/svg}"
HOUR = 3600.0
DAY = 86_400.0


def few(**changes: object) -> Chart:
    runs = Runs(
        machine=np.array([0, 1, 2]),
        begin_s=np.array([8.0, 9.0, 10.0]) * HOUR,
        start_s=np.array([9.0, 9.0, 12.0]) * HOUR,
        end_s=np.array([11.0, 15.0, 24.0]) * HOUR,
        family=np.array([0, 1, 0]),
        late=np.array([False, True, False]),
    )
    given: dict[str, object] = {
        "machine_workshop": np.array([1, 0, 1]),
        "runs": runs,
        "shift_workshop": np.array([0, 1]),
        "shift_s": np.array([[8.0, 16.0], [9.0, 17.0]]) * HOUR,
        "machine_names": ("Printer A", "Router", "Printer B"),
        "workshop_names": ("Porto", "Gijón"),
        "family_names": ("PLA <black>", "plywood"),
    }
    return Chart(**{**given, **changes})  # type: ignore[arg-type]  # made of the fields' own types above


def many(machines: int, runs: int, families: int) -> Chart:
    rng = np.random.default_rng(1)
    start = rng.uniform(0, 14 * DAY, runs)
    made = Runs(
        machine=rng.integers(0, machines, runs),
        begin_s=start - 600,
        start_s=start,
        end_s=start + rng.uniform(300, 20_000, runs),
        family=rng.integers(0, families, runs),
        late=rng.random(runs) < 0.2,
    )
    workshops = np.sort(rng.integers(0, machines // 3 + 1, machines))
    shifts = np.array([[day * DAY + 8 * HOUR, day * DAY + 17 * HOUR] for day in range(14)])
    return Chart(workshops, made, np.repeat(np.unique(workshops), 14), np.tile(shifts, (len(np.unique(workshops)), 1)))


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(network_svg(chart))


def words(chart: Chart) -> list[str]:
    return [text.text or "" for text in drawn(chart).iter(f"{SVG}text")]


def test_machines_stand_by_workshop() -> None:
    found = {text.text: float(text.attrib["y"]) for text in drawn(few()).iter(f"{SVG}text")}
    assert found["Porto"] < found["Router"] < found["Gijón"] < found["Printer A"] < found["Printer B"]
    assert {"PLA <black>", "plywood", "change by a person", "somebody there", "misses its due time"} <= set(found)


def test_runs_are_to_scale_and_by_family() -> None:
    bars = [one for one in drawn(few()).iter(f"{SVG}rect") if "stroke" in one.attrib]
    assert [bar.attrib["fill"] for bar in bars] == [tone(0)[0], tone(1)[0], tone(0)[0]]
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert widths[1] / widths[0] == pytest.approx(3, abs=0.01)
    assert widths[2] / widths[0] == pytest.approx(6, abs=0.01)
    ends = [float(bar.attrib["x"]) + float(bar.attrib["width"]) for bar in bars]
    assert max(ends) == pytest.approx(1200 - 14, abs=0.01)


def test_changes_are_hatched_and_only_they() -> None:
    paths = [one.attrib["d"] for one in drawn(few()).iter(f"{SVG}path") if one.attrib.get("stroke-width") == "1.1"]
    assert len(paths) == 2
    assert all(re.fullmatch(r"(M[\d.]+ [\d.]+L[\d.]+ [\d.]+)+", path) for path in paths)


def test_a_miss_is_flagged_and_only_that() -> None:
    flags = [one.attrib["d"] for one in drawn(few()).iter(f"{SVG}path") if one.attrib.get("fill") == ALARM]
    assert len(flags) == 2, "one in the chart, one in its key"
    calm = few(runs=replace(few().runs, late=np.zeros(3, dtype=np.bool_)))
    assert not [one for one in drawn(calm).iter(f"{SVG}path") if one.attrib.get("fill") == ALARM]


def test_what_is_taken_is_crossed() -> None:
    taken = few(block_machine=np.array([1]), block_s=np.array([[18.0, 22.0]]) * HOUR)
    assert "machine taken" in words(taken)
    assert "machine taken" not in words(few())
    assert len(network_svg(taken)) > len(network_svg(few())) + 400


def test_now_is_a_line() -> None:
    assert "now" in words(few(now_s=10 * HOUR))
    assert "now" not in words(few())


def test_many_machines_have_no_words_but_the_key() -> None:
    chart = many(1000, 12_000, 19)
    found = words(chart)
    assert not [word for word in found if word.startswith(("machine ", "Workshop"))]
    assert len([word for word in found if word.startswith("family")]) == 19
    root = drawn(chart)
    height = float(root.attrib["viewBox"].split()[3])
    assert 2000 < height < 2600


@pytest.mark.parametrize(("machines", "runs", "families"), [(3, MOST_BARS, 9), (3, 60_000, 9), (1000, 120_000, 300)])
def test_a_drawing_is_no_larger_than_some_megabytes(machines: int, runs: int, families: int) -> None:
    assert len(network_svg(many(machines, runs, families))) < 2_500_000


def test_machines_beyond_what_is_drawn_are_counted() -> None:
    chart = many(2000, 3000, 3)
    assert "500 machines more" in words(chart)


def test_nothing_at_all_is_drawn_too() -> None:
    none = np.zeros(0, dtype=np.int64)
    runs = Runs(none, np.zeros(0), np.zeros(0), np.zeros(0), none, np.zeros(0, dtype=np.bool_))
    assert drawn(Chart(none, runs, none, np.zeros((0, 2)))).tag == f"{SVG}svg"


def test_a_run_on_no_machine_is_an_error() -> None:
    with pytest.raises(IndexError, match="run 0 is on machine 0 of 0"):
        network_svg(few(machine_workshop=np.zeros(0, dtype=np.int64)))
    with pytest.raises(IndexError, match="blocked time 0 is on machine 7 of 3"):
        network_svg(few(block_machine=np.array([7]), block_s=np.array([[0.0, 1.0]])))
