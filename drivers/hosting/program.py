"""A program on its way to a host: judged as a whole, then bytes; and from bytes read back to lines."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from drivers.base import LineCheck
from drivers.errors import LineRefused

_BREAKS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
"""What a reader might take for the end of a line, or not show to a person. A tab is neither."""


class HostedProgram:
    """Comments and blanks go along: hosts read objects and thumbnails out of them, and count bytes with them."""

    def __init__(self, lines: Sequence[str], check: LineCheck) -> None:
        """Raises LineRefused by the checker's word, or where a line could be read as more than one."""
        self.total = len(lines)
        sizes = []
        for number, line in enumerate(lines, 1):
            reason = check(line)
            if reason is None and _BREAKS.search(line):
                reason = "has a control character"
            if reason is not None:
                raise LineRefused(number, line, reason)
            sizes.append(len(line.encode()) + 1)
        self.data = "".join(f"{line}\n" for line in lines).encode()
        self._ends = list(accumulate(sizes))

    def lines_in(self, share: float) -> int:
        """Whole lines within this share of the bytes, 0 to 1."""
        return bisect_right(self._ends, round(share * len(self.data)))
