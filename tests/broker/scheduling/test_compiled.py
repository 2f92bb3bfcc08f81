"""What is compiled is made anew when what it calls has changed; a part of it alone can't be called."""

import pytest

from broker.scheduling.compiled import compiled, inlined, stamp


@inlined
def _next(number: int) -> int:
    return number + 1


@compiled
def _twice_next(number: int) -> int:
    return 2 * _next(number)


def test_a_part_is_called_by_compiled_code_alone() -> None:
    assert _twice_next(3) == 8
    with pytest.raises(TypeError, match="_next is a part of compiled code"):
        _next(3)


def test_a_stamp_tells_of_all_that_is_called_and_of_nothing_else() -> None:
    names = [name for name, _, _ in stamp("broker.scheduling.network.lists")]
    assert "broker.scheduling.network.state" in names
    assert "broker.scheduling.compiled" in names
    assert "broker.scheduling.network.clock" not in names
