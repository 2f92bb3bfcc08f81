"""rectpack's best-fit maximal rectangles, as it comes: JSON list of {"bin", "items", "rotate"} in, bins of each out."""

import json
import sys
from typing import Any

from rectpack import MaxRectsBssf, newPacker


def bins(case: dict[str, Any]) -> int:
    packer = newPacker(pack_algo=MaxRectsBssf, rotation=case["rotate"])
    for width, depth in case["items"]:
        packer.add_rect(width, depth)
    packer.add_bin(*case["bin"], count=float("inf"))
    packer.pack()
    return len(packer)


if __name__ == "__main__":
    json.dump([bins(case) for case in json.load(sys.stdin)], sys.stdout)
