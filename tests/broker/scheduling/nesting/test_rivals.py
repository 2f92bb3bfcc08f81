"""Plates that types which share none need."""

import numpy as np

from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.rivals import rival_plates
from broker.scheduling.nesting.ways import ways
from tests.broker.scheduling.workshops import box


def test_large_parts_take_a_plate_each_beside_what_joins_none_of_them() -> None:
    shapes = (box(80, 60, 5), box(70, 70, 5), box(60, 50, 5), box(20, 20, 5))
    bed = Bed(100, 90, 10, 5)
    nester = Nester(shapes)
    variants = [nester.variants(bed, shape) for shape in range(4)]
    laid, _ = ways([[shape.poses[0].outline] for shape in shapes], variants, bed)
    assert rival_plates(laid, np.array([2, 3, 0, 9])) == 5
    assert rival_plates(laid, np.array([2, 3, 4, 9])) == 9
    assert rival_plates(laid, np.array([0, 0, 0, 9])) == 1
