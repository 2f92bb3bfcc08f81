"""The loop's own promises; what the drivers' tests see of it stands there."""

from collections.abc import Iterator

import pytest

from drivers.streaming.exchange import LOOK_AHEAD, ahead_of


@pytest.mark.parametrize("count", [0, 1, LOOK_AHEAD - 1, LOOK_AHEAD, LOOK_AHEAD + 1, 3 * LOOK_AHEAD])
def test_lines_come_as_they_were_and_an_error_in_its_place(count: int) -> None:
    lines = [(number, f"G1 X{number}") for number in range(count)]
    assert list(ahead_of(lines)) == lines

    def failing() -> Iterator[tuple[int, str]]:
        yield from lines
        raise OSError("the file is gone")

    taken: list[tuple[int, str]] = []
    with pytest.raises(OSError, match="gone"):
        taken.extend(ahead_of(failing()))
    assert taken == lines
