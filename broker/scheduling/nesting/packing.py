"""Parts on as few equal plates as the nester manages."""

from broker.scheduling.nesting.nester import Nest, Nester
from broker.scheduling.nesting.nofit import Bed


def packed(nester: Nester, bed: Bed, pieces: dict[int, int]) -> tuple[list[Nest], dict[int, int]]:
    """Nests that hold `pieces` (number by shape), plate after plate, and what fits no plate (number by shape)."""
    left = {shape: number for shape, number in pieces.items() if number and nester.capacity(bed, shape)}
    refused = {shape: number for shape, number in pieces.items() if number and shape not in left}
    nests = []
    while left:
        # More of a shape than a plate holds changes nothing but the number of different questions.
        wanted = tuple(sorted((shape, min(number, nester.capacity(bed, shape))) for shape, number in left.items()))
        nest = nester.fill(bed, wanted)
        for shape in nest.shape:
            left[shape] -= 1
        left = {shape: number for shape, number in left.items() if number}
        nests.append(nest)
    return nests, refused
