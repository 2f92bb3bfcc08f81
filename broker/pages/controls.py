"""The few elements that NiceGUI offers only with a template, which would need eval in the browser, and plain HTML."""

from collections.abc import Callable, Sequence

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments


class Text(TextElement):
    """A native element that holds text; the browser never reads the text as HTML."""

    def __init__(self, tag: str, text: str, classes: str = "") -> None:
        super().__init__(tag=tag, text=text)
        self.classes(classes)


def box(tag: str = "div", classes: str = "") -> Element:
    return ui.element(tag).classes(classes)


def link(text: str, target: str, classes: str = "") -> Text:
    """`target`: a path on this broker."""
    anchor = Text("a", text, classes)
    anchor.props["href"] = target
    return anchor


def button(text: str, on_click: Callable[[], object], classes: str = "") -> Text:
    made = Text("button", text, classes)
    made.props["type"] = "button"
    made.on("click", lambda _event: on_click(), args=[])
    return made


class Drawing(Element, component="browser/drawing.js"):
    """An SVG, cleaned in the browser."""

    def __init__(self, svg: str, classes: str = "drawing") -> None:
        super().__init__()
        self.props["svg"] = svg
        self.classes(classes)


class Entry(Element, component="browser/entry.js"):
    """A labelled field; `on_change` gets its text with every change."""

    def __init__(
        self,
        label: str,
        value: str,
        on_change: Callable[[str], object],
        *,
        kind: str = "text",
        options: Sequence[str] | None = None,
        smallest: int | None = None,
        largest: int | None = None,
        hint: str = "",
    ) -> None:
        super().__init__()
        known = {"label": label, "value": value, "kind": kind, "hint": hint}
        bounds = {"min": smallest, "max": largest}
        self.props.update(known | {name: str(bound) for name, bound in bounds.items() if bound is not None})
        if options is not None:
            self.props["options"] = list(options)
        self.on("change", lambda event: on_change(_text(event)))


class FileDrop(Element, component="browser/file_drop.js"):
    """Sends each file to `target` as a POST of its bytes; tells the part's id, or the file's name, fault and remedy."""

    def __init__(
        self,
        target: str,
        cap_bytes: int,
        on_uploaded: Callable[[str], object],
        on_refused: Callable[[str, str, str], object],
    ) -> None:
        super().__init__()
        self.props.update({"target": target, "accept": ".stl,.3mf,.obj,.step,.stp,.dxf,.svg", "cap": cap_bytes})
        self.on("uploaded", lambda event: on_uploaded(_text(event)))
        self.on("refused", lambda event: on_refused(*_texts(event)))


def _text(event: GenericEventArguments) -> str:
    return event.args if isinstance(event.args, str) else str(event.args)


def _texts(event: GenericEventArguments) -> tuple[str, str, str]:
    name, detail, fix = (str(part) for part in event.args)
    return name, detail, fix
