import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import LineRefused
from drivers.hosting.program import HostedProgram
from tests.drivers.peers import allow

LINES = st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=12), max_size=30)


@given(LINES)
def test_lines_are_counted_by_the_bytes_that_were_read(lines: list[str]) -> None:
    program = HostedProgram(lines, allow)
    assert program.data.decode().split("\n")[:-1] == lines
    at = 0
    for number, line in enumerate(lines, 1):
        at += len(line.encode()) + 1
        share = at / len(program.data)
        assert program.lines_in(share) == number
        assert program.lines_in((at - 1) / len(program.data)) == number - 1


@given(LINES, st.floats(0, 1), st.floats(0, 1))
def test_more_bytes_are_never_fewer_lines(lines: list[str], one: float, other: float) -> None:
    program = HostedProgram(lines, allow)
    assert program.lines_in(min(one, other)) <= program.lines_in(max(one, other)) <= program.total


@given(st.text(), st.characters(categories=["Cc", "Zl", "Zp"]).filter(lambda c: c != "\t"), st.text())
def test_a_line_that_could_be_read_as_two_is_refused(before: str, character: str, after: str) -> None:
    with pytest.raises(LineRefused, match="line 2 refused"):
        HostedProgram(["G28", f"{before}{character}{after}"], allow)
