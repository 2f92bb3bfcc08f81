"""What a line may be made of before anybody asks what it means.

A line must end where every reader ends it: firmwares end it at `\\r` too, hosts written in Python at eight more
characters, and Marlin's `queue.cpp` lets a backspace erase what stands before it.
"""

from slicer_bridge.programs.travel import Refused

LONGEST_LINE = 65535
"""With its comment; vendors' settings stand in comments of several thousand characters."""
_ENDS = frozenset("\x85\u2028\u2029")


def without_end(line: str) -> str:
    """A line of a file without its `\n` or `\r\n`; a `\r` anywhere else stays, and is refused."""
    return line.removesuffix("\n").removesuffix("\r")


def check_text(line: str) -> None:
    """`line`: bytes decoded as Latin-1, without its end. Raises Refused."""
    if len(line) > LONGEST_LINE:
        raise Refused(f"a line of over {LONGEST_LINE} characters")
    if line.isascii() and line.isprintable():
        return
    code, mark, comment = line.partition(";")
    if not code.isascii() or not code.isprintable():
        raise Refused("a byte that is no printable ASCII")
    if mark:
        _check_comment(comment)


def _check_comment(comment: str) -> None:
    try:
        text = comment.encode("latin-1").decode("utf-8")
    except UnicodeError as error:
        raise Refused("a comment that is no UTF-8") from error
    if any((char < " " and char != "\t") or "\x7f" <= char < "\xa0" or char in _ENDS for char in text):
        raise Refused("a control character in a comment: some reader would take it for the line's end")
