"""Loops over every corner, edge and facet, compiled by numba: importing it costs a third of a second.

Each has a slower twin in numpy that gives the same numbers, for machines without numba and for small meshes.
The compiled code is kept beside this file, or in the user's cache where that can't be written.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def warm_up() -> int:
    """The first call of any loop loads what numba needs."""
    return 0


@compiled
def _key(bits: NDArray[np.uint32], one: int, seed: int) -> np.uint64:
    key = np.uint64(seed)
    for axis in range(3):
        key = (key ^ np.uint64(bits[one, axis])) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key


@compiled
def _equal(bits: NDArray[np.uint32], one: int, other: int) -> bool:
    same = bits[one, 0] == bits[other, 0] and bits[one, 1] == bits[other, 1] and bits[one, 2] == bits[other, 2]
    return bool(same)


@compiled
def _slot(table: NDArray[np.int32], bits: NDArray[np.uint32], one: int, key: np.uint64) -> int:
    """Where vertex `one` is in the table, or the free place where it belongs."""
    mask = np.uint64(len(table) - 1)
    at = key & mask
    while table[at] >= 0 and not _equal(bits, table[at], one):
        at = (at + np.uint64(1)) & mask
    return int(at)


@compiled
def weld(corners: NDArray[Any], scale: float, low: Floats, seed: int) -> tuple[NDArray[np.float32], Ints]:
    """Vertices (k, 3) in order of appearance, and the vertex of each corner; a corner is `scale` * it - `low`.

    `corners`: (c, 3), of either float. `seed` decides where the hash table puts things, never the result: a file
    can't be made to collide. Most corners were met a moment ago: those are looked up in a table that is small enough
    for the processor's cache.
    """
    total = len(corners)
    points = np.empty((total + 1, 3), np.float32)
    bits = points.view(np.uint32)
    index = np.empty(total, np.int64)
    size = 64
    while size < total // 2:
        size *= 2
    table = np.full(size, -1, np.int32)
    recent = np.full(1 << 14, -1, np.int32)
    known = 0
    for corner in range(total):
        for axis in range(3):
            points[known, axis] = np.float32(corners[corner, axis] * scale - low[axis]) + np.float32(0.0)
        key = _key(bits, known, seed)
        near = key >> np.uint64(50)
        if recent[near] >= 0 and _equal(bits, recent[near], known):
            index[corner] = recent[near]
            continue
        at = _slot(table, bits, known, key)
        if table[at] < 0:
            table[at] = known
            known += 1
            if 2 * known > size:
                size *= 2
                table = np.full(size, -1, np.int32)
                for one in range(known):
                    table[_slot(table, bits, one, _key(bits, one, seed))] = one
                at = _slot(table, bits, known - 1, key)
        index[corner] = recent[near] = table[at]
    return points[:known], index


@compiled
def _sort(values: Ints, first: int, last: int) -> None:
    """Shell's sort with Tokuda's gaps, in place: mostly six numbers, and no worse than n^1.3 for the hub of a fan."""
    gap = 1
    while gap < (last - first) // 3:
        gap = int(2.25 * gap) + 1
    while gap > 0:
        for at in range(first + gap, last):
            held, free = values[at], at
            while free - gap >= first and values[free - gap] > held:
                values[free] = values[free - gap]
                free -= gap
            values[free] = held
        gap = int(gap / 2.25)


@compiled
def half_edges(faces: Ints, vertices: int) -> tuple[Ints, Ints]:
    """Half-edges sorted by their low end, then their high end: start of each vertex (k + 1,), and packed (3m,).

    Packed: high end * 2**33 + (1 if the facet runs upwards) * 2**32 + facet.
    """
    start = np.zeros(vertices + 2, np.int64)
    for face in range(len(faces)):
        for side in range(3):
            a, b = faces[face, side], faces[face, (side + 1) % 3]
            start[min(a, b) + 2] += 1
    for one in range(vertices):
        start[one + 2] += start[one + 1]
    packed = np.empty(3 * len(faces), np.int64)
    for face in range(len(faces)):
        for side in range(3):
            a, b = faces[face, side], faces[face, (side + 1) % 3]
            low, high = min(a, b), max(a, b)
            packed[start[low + 1]] = (high << 33) | ((np.int64(1) << 32) if a < b else np.int64(0)) | face
            start[low + 1] += 1
    for one in range(vertices):
        _sort(packed, start[one], start[one + 1])
    return start[: vertices + 1], packed


@compiled
def _root(parent: NDArray[np.int32], one: int) -> int:
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one


@compiled
def _odd(start: Ints, packed: Ints) -> int:
    """How many edges there are that don't join exactly two facets."""
    found = 0
    for low in range(len(start) - 1):
        at, last = start[low], start[low + 1]
        while at < last:
            count = 1
            while at + count < last and packed[at + count] >> 33 == packed[at] >> 33:
                count += 1
            found += count != 2
            at += count
    return found


@compiled
def joined(start: Ints, packed: Ints, faces: int) -> tuple[Ints, int, NDArray[np.int32], int]:
    """Odd edges (e, 4): low end, high end, facets, of them upwards; turned edges; body of each facet; bodies.

    An edge is odd that doesn't join exactly two facets; one of two is turned if both run the same way. Facets that
    share an edge are of one body. Bodies are numbered in order of their first facet.
    """
    parent = np.empty(faces, np.int32)
    for face in range(faces):
        parent[face] = face
    odd = np.empty((_odd(start, packed), 4), np.int64)
    found = turned = 0
    for low in range(len(start) - 1):
        at, last = start[low], start[low + 1]
        while at < last:
            high, count, up = packed[at] >> 33, 0, 0
            while at + count < last and packed[at + count] >> 33 == high:
                up += (packed[at + count] >> 32) & 1
                count += 1
            one = _root(parent, packed[at] & 0xFFFFFFFF)
            for more in range(at + 1, at + count):
                other = _root(parent, packed[more] & 0xFFFFFFFF)
                parent[max(one, other)] = min(one, other)
                one = min(one, other)
            if count == 2:
                turned += up != 1
            else:
                odd[found, 0], odd[found, 1], odd[found, 2], odd[found, 3] = low, high, count, up
                found += 1
            at += count
    bodies = 0
    body = np.empty(faces, np.int32)
    for face in range(faces):
        root = _root(parent, face)
        if root == face:
            body[face] = bodies
            bodies += 1
        else:
            body[face] = body[root]
    return odd, turned, body, bodies


@compiled
def integrals(
    vertices: Floats, faces: Ints, body: NDArray[np.int32], bodies: int, centre: Floats
) -> tuple[Floats, float]:
    """Of each body (bodies, 11): volume, area, first moments of the volume about `centre` (3), low (3), high (3).

    And the shortest side of all facets.
    """
    out = np.zeros((bodies, 11))
    shortest = np.inf
    for body_at in range(bodies):
        for axis in range(3):
            out[body_at, 5 + axis], out[body_at, 8 + axis] = np.inf, -np.inf
    p = np.empty((3, 3))
    for face in range(len(faces)):
        one = out[body[face]]
        for corner in range(3):
            for axis in range(3):
                value = vertices[faces[face, corner], axis]
                p[corner, axis] = value - centre[axis]
                one[5 + axis] = min(one[5 + axis], value)
                one[8 + axis] = max(one[8 + axis], value)
        ux, uy, uz = p[1, 0] - p[0, 0], p[1, 1] - p[0, 1], p[1, 2] - p[0, 2]
        vx, vy, vz = p[2, 0] - p[0, 0], p[2, 1] - p[0, 1], p[2, 2] - p[0, 2]
        wx, wy, wz = vx - ux, vy - uy, vz - uz
        shortest = min(shortest, ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz, wx * wx + wy * wy + wz * wz)
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        six = p[0, 0] * x + p[0, 1] * y + p[0, 2] * z
        one[0] += six / 6
        one[1] += np.sqrt(x * x + y * y + z * z) / 2
        for axis in range(3):
            one[2 + axis] += six / 24 * (p[0, axis] + p[1, axis] + p[2, axis])
    return out, np.sqrt(shortest)


@compiled
def beds(vertices: Floats, faces: Ints, down: Floats, floor: Floats, touch: float, flat: float, steep: float) -> Floats:
    """Area that hangs and area that rests on the bed, (t, 2), for each way down (t, 3) with its `floor` (t,).

    A facet rests if all of it is within `touch` of the floor and it looks down by at least `flat` (cosine); others
    that look down by more than `steep` hang.
    """
    out = np.zeros((len(down), 2))
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = np.sqrt(x * x + y * y + z * z)
        for way in range(len(down)):
            lean = x * down[way, 0] + y * down[way, 1] + z * down[way, 2]
            if lean <= steep * length:
                continue
            rests = lean > flat * length
            for corner in range(3):
                if rests:
                    v = faces[face, corner]
                    depth = (
                        vertices[v, 0] * down[way, 0] + vertices[v, 1] * down[way, 1] + vertices[v, 2] * down[way, 2]
                    )
                    rests = floor[way] - depth < touch
            out[way, 1 if rests else 0] += length / 2
    return out


@compiled
def facing(vertices: Floats, faces: Ints, up: Floats) -> NDArray[np.int8]:
    """Of each facet (m,): 1 if it looks along `up` (3,), -1 against it, 0 if it is seen edge on."""
    out = np.zeros(len(faces), np.int8)
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        lean, slack = x * up[0] + y * up[1] + z * up[2], 1e-6 * np.sqrt(x * x + y * y + z * z)
        out[face] = 1 if lean > slack else (-1 if lean < -slack else 0)
    return out


@compiled
def silhouette(start: Ints, packed: Ints, looks: NDArray[np.int8]) -> Ints:
    """Edges (e, 2) where facets that look different ways meet, and those that don't join exactly two."""
    out = np.empty((1024, 2), np.int64)
    found = 0
    for low in range(len(start) - 1):
        at, last = start[low], start[low + 1]
        while at < last:
            high, count = packed[at] >> 33, 1
            look, same = looks[packed[at] & 0xFFFFFFFF], True
            while at + count < last and packed[at + count] >> 33 == high:
                same = same and looks[packed[at + count] & 0xFFFFFFFF] == look
                count += 1
            if count != 2 or not same:
                if found == len(out):
                    more = np.empty((2 * found, 2), np.int64)
                    more[:found] = out
                    out = more
                out[found, 0], out[found, 1] = low, high
                found += 1
            at += count
    return out[:found]


@compiled
def draw(lines: Floats, grid: NDArray[np.uint8]) -> None:
    """Mark every cell of `grid` (rows, columns) that a line touches; lines (e, 4): x, y, x, y in cells, inside it."""
    rows, columns = grid.shape
    for line in range(len(lines)):
        xa, ya, xb, yb = lines[line]
        if ya > yb:
            xa, ya, xb, yb = xb, yb, xa, ya
        slope = (xb - xa) / (yb - ya) if yb > ya else 0.0
        for row in range(int(ya), min(int(yb), rows - 1) + 1):
            left, right = xa, xb
            if int(ya) < row:
                left = xa + slope * (row - ya)
            if row < int(yb):
                right = xa + slope * (row + 1 - ya)
            if left > right:
                left, right = right, left
            for column in range(int(max(left - 1e-6, 0.0)), min(int(right + 1e-6), columns - 1) + 1):
                grid[row, column] = 1


@compiled
def rings(grid: Any) -> tuple[NDArray[np.int32], Ints]:
    """Boundaries of the marked areas: corners (c, 2) as column, row; where each ring ends. The rim is unmarked.

    The grid is used up. Outer boundaries run counter-clockwise (y up), those of holes clockwise; cells that touch by
    a corner belong together.
    """
    rows, columns = grid.shape
    step_x, step_y = (1, 0, -1, 0), (0, 1, 0, -1)
    points = np.empty((1024, 2), np.int32)
    ends = np.empty(16, np.int64)
    count = found = 0
    for row in range(1, rows - 1):
        for column in range(1, columns - 1):
            # A lower side that no ring has run along yet; mark 2: it has.
            if grid[row, column] != 1 or grid[row - 1, column] != 0:
                continue
            x, y, way = column, row, 0
            while True:
                if way == 0:
                    if grid[y, x] == 2:
                        break
                    grid[y, x] = 2
                x, y = x + step_x[way], y + step_y[way]
                # Cells ahead, on the right and on the left of the way.
                right_x, right_y = x + (0, 0, -1, -1)[way], y + (-1, 0, 0, -1)[way]
                left_x, left_y = x + (0, -1, -1, 0)[way], y + (0, 0, -1, -1)[way]
                if grid[right_y, right_x] != 0:
                    turned = (way + 3) % 4
                elif grid[left_y, left_x] != 0:
                    turned = way
                else:
                    turned = (way + 1) % 4
                if turned != way:
                    if count == len(points):
                        more = np.empty((2 * count, 2), np.int32)
                        more[:count] = points
                        points = more
                    points[count, 0], points[count, 1] = x, y
                    count += 1
                    way = turned
            if found == len(ends):
                longer = np.empty(2 * found, np.int64)
                longer[:found] = ends
                ends = longer
            ends[found] = count
            found += 1
    return points[:count], ends[:found]


@compiled
def records(vertices: Floats, faces: Ints, out: NDArray[np.uint16]) -> None:
    """Facets as records of binary STL, (m, 25) 16-bit words; unit normals, zero for a facet without area."""
    words = np.empty(12, np.float32)
    bits = words.view(np.uint16)
    p = np.empty((3, 3))
    for face in range(len(faces)):
        for corner in range(3):
            for axis in range(3):
                words[3 + 3 * corner + axis] = vertices[faces[face, corner], axis]
                p[corner, axis] = words[3 + 3 * corner + axis]
        ux, uy, uz = p[1, 0] - p[0, 0], p[1, 1] - p[0, 1], p[1, 2] - p[0, 2]
        vx, vy, vz = p[2, 0] - p[1, 0], p[2, 1] - p[1, 1], p[2, 2] - p[1, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0:
            words[0], words[1], words[2] = x / length, y / length, z / length
        else:
            words[0], words[1], words[2] = 0, 0, 0
        for word in range(24):
            out[face, word] = bits[word]
        out[face, 24] = 0
