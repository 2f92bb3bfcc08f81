"""Drawings are well-formed, to scale, and safe whatever the words."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from broker.drawing.gantt import Bar, gantt_svg
from broker.drawing.plates import plate_svg

SVG = "{http://www.w3.org/2000/svg}"
SQUARE = np.array([[10.0, 20.0], [60.0, 20.0], [60.0, 50.0], [10.0, 50.0]])
HOSTILE = "<script>alert('1')</script>&\x00\x0b\ud800"


def test_a_plate_is_drawn_to_scale_with_y_up() -> None:
    drawn = ElementTree.fromstring(plate_svg((250, 210), (3, 3, 247, 207), [SQUARE], ["leg"], [1]))
    (polygon,) = drawn.iter(f"{SVG}polygon")
    points = [tuple(map(float, pair.split(","))) for pair in polygon.attrib["points"].split()]
    assert points == [(10, 190), (60, 190), (60, 160), (10, 160)]
    bed, usable = list(drawn.iter(f"{SVG}rect"))
    assert (bed.attrib["width"], bed.attrib["height"]) == ("250", "210")
    assert (usable.attrib["x"], usable.attrib["y"], usable.attrib["width"]) == ("3", "3", "244")
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert words == ["leg", "50 mm", "250 × 210 mm"]
    bar = next(path for path in list(drawn.iter(f"{SVG}path"))[::-1])
    assert "h50" in bar.attrib["d"]


def test_lines_have_colours() -> None:
    outlines = [SQUARE, SQUARE + 80, SQUARE + np.array([0, 80])]
    drawn = ElementTree.fromstring(plate_svg((250, 210), (0, 0, 250, 210), outlines, ["a", "b", "c"], [0, 1, 0]))
    fills = [polygon.attrib["fill"] for polygon in drawn.iter(f"{SVG}polygon")]
    assert fills[0] == fills[2] != fills[1]


def test_words_are_escaped() -> None:
    long = np.array([[0.0, 0.0], [5000.0, 0.0], [5000.0, 500.0], [0.0, 500.0]])
    plate = plate_svg((5000, 500), (0, 0, 5000, 500), [long], [HOSTILE], title=HOSTILE)
    gantt = gantt_svg([HOSTILE], [Bar(0, 0, 100, HOSTILE)], title=HOSTILE)
    for drawing in (plate, gantt):
        assert "<script" not in drawing
        root = ElementTree.fromstring(drawing.encode())
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            "svg",
            "title",
            "g",
            "rect",
            "path",
            "polygon",
            "text",
        }


def test_a_piece_needs_a_label() -> None:
    with pytest.raises(ValueError, match="zip"):
        plate_svg((250, 210), (0, 0, 250, 210), [SQUARE], [])


def test_a_gantt_has_a_row_a_machine_and_a_bar_a_stretch() -> None:
    bars = [Bar(0, 600, 7200, "12 legs", 0, setup_s=300), Bar(1, 0, 3600, "6 doors", 1)]
    drawn = ElementTree.fromstring(gantt_svg(["Printer A", "Router"], bars, now_s=1800))
    rects = list(drawn.iter(f"{SVG}rect"))
    assert len(rects) == 3
    setup, first, second = rects
    assert float(first.attrib["width"]) == pytest.approx(760 * 6600 / 7200, abs=0.01)
    assert float(setup.attrib["x"]) + float(setup.attrib["width"]) == pytest.approx(float(first.attrib["x"]), abs=0.01)
    assert float(second.attrib["y"]) > float(first.attrib["y"])
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert {"Printer A", "Router", "12 legs", "6 doors", "2 h"} <= set(words)


def test_an_empty_plan_is_drawn_too() -> None:
    assert re.match(r"<svg ", gantt_svg([], []))
    assert ElementTree.fromstring(plate_svg((600, 400), (0, 0, 600, 400), [], [])).tag == f"{SVG}svg"


def test_a_bar_on_no_row_is_an_error() -> None:
    with pytest.raises(IndexError, match="machine 2 of 1"):
        gantt_svg(["one"], [Bar(2, 0, 1, "x")])
