"""Colours and numbers of the drawings: mid tones that hold on light and on dark ground, written as attributes alone."""

from html import escape

GREY = "#7d8590"
COLOURS = ("#2f7fd1", "#c8601c", "#2e9a63", "#9a5bc9", "#c2394f", "#8a8120", "#16969b", "#b0568f")
ALARM = "#c2394f"
FONT = "ui-sans-serif, system-ui, sans-serif"


def colour(group: int) -> str:
    """The same group, the same colour; they repeat after eight."""
    return COLOURS[group % len(COLOURS)]


def tone(group: int) -> tuple[str, float]:
    """Colour and opacity of one of many groups, none of them `ALARM`: they repeat after three times seven."""
    calm = tuple(one for one in COLOURS if one != ALARM)
    return calm[group % len(calm)], (0.88, 0.62, 0.4)[group // len(calm) % 3]


def number(value: float) -> str:
    """At most three decimals, no trailing zeros."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def text(x: float, y: float, words: str, *, size: float, fill: str = GREY, anchor: str = "start") -> str:
    """A line of text, escaped."""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}" text-anchor="{anchor}"'
        f' font-family="{FONT}">{escape(printable(words))}</text>'
    )


def printable(words: str) -> str:
    """Without the characters that XML can't hold."""
    return "".join(character if character in "\t\n" or character.isprintable() else "\ufffd" for character in words)


def svg(width: float, height: float, title: str, body: list[str], *, width_px: int) -> str:
    """The whole drawing, `width` × `height` units large, scaled to `width_px`."""
    height_px = max(1, round(width_px * height / width))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" '
        f'width="{width_px}" height="{height_px}" role="img">'
    )
    return "\n".join([head, f"<title>{escape(printable(title))}</title>", *body, "</svg>"]) + "\n"
