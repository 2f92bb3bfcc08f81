"""What may be asked: how many, how long, how large, and of what outline."""

import numpy as np
import shapely

from broker.scheduling.errors import BadOutline, NotFinite, OutOfRange, WrongArray
from broker.scheduling.shapes import Pose, Shape

MAX_SECONDS = 1e10
"""Some 300 years: sums of so many seconds still resolve a microsecond."""
MAX_PIECES = 10**9
MAX_MM = 1e5
CORNER_MM = 1e-3
"""How far from the origin an outline's low corner may lie, as rounding."""
OUTLINE_VERTICES = 20_000


def check_shape(name: str, shape: Shape) -> None:
    """Raise the `ProblemError` that names what is wrong with a part's poses, or return."""
    if not shape.poses:
        raise BadOutline(name, "has no pose")
    for number, pose in enumerate(shape.poses):
        _check_pose(f"{name}.poses[{number}]", pose)


def _check_pose(name: str, pose: Pose) -> None:
    outline = pose.outline
    if outline.dtype != np.float64 or outline.ndim != 2 or outline.shape[1] != 2:
        raise WrongArray(name, f"outline is {outline.dtype} of shape {outline.shape}, needs float64 of shape (k, 2)")
    if not 3 <= len(outline) <= OUTLINE_VERTICES:
        raise BadOutline(name, f"has {len(outline)} corners, needs 3 to {OUTLINE_VERTICES}")
    if not np.isfinite(outline).all():
        raise NotFinite(name, "outline holds NaN or an infinity")
    if not np.isfinite(pose.height_mm):
        raise NotFinite(name, f"height is {pose.height_mm}")
    if not 0 < pose.height_mm <= MAX_MM:
        raise OutOfRange(name, f"height is {pose.height_mm:g} mm, must lie in 0 to {MAX_MM:g}")
    if np.abs(outline.min(axis=0)).max() > CORNER_MM:
        raise BadOutline(name, f"low corner is at {outline.min(axis=0).tolist()}, must be at the origin")
    if outline.max() > MAX_MM:
        raise OutOfRange(name, f"reaches {outline.max():g} mm, must stay within {MAX_MM:g}")
    polygon = shapely.Polygon(outline)
    if not polygon.is_valid or polygon.area <= 0:
        raise BadOutline(name, f"is no simple polygon: {shapely.is_valid_reason(polygon)}, area {polygon.area:g} mm²")
