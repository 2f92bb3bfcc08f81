"""`llagar-agent profile`: a PrusaSlicer profile of the shop's own, and the blocks that its owner approves."""

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from shop_agent.options import DEFAULT, Config
from shop_agent.settings import load_config

if TYPE_CHECKING:
    from shop_agent.importing import Shown, Taken

app = typer.Typer(help="The shop's own PrusaSlicer profiles, and their start, end, change and layer blocks.")
Machine = Annotated[str, typer.Option(help="its name in agent.toml")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="config.ini, a config bundle, or a vendor's bundle of PrusaSlicer")],
    machine: Machine,
    material: Annotated[str, typer.Option(help="one of the machine's materials")],
    printer: Annotated[str, typer.Option(help="preset of a bundle; else the active or only one")] = "",
    print_: Annotated[str, typer.Option("--print", help="likewise")] = "",
    filament: Annotated[str, typer.Option(help="likewise")] = "",
    config: Config = DEFAULT,
) -> None:
    """Take over how a machine prints a material; says what was taken, dropped, and differs from the machine."""
    from shop_agent.importing import take
    from slicer_bridge.slicing.shop.bundle import Choice

    choice = Choice(printer, print_, filament)
    _show_taken(take(load_config(config), config.resolve().parent, file, machine, material, choice), machine)


@app.command()
def approve(
    machine: Machine,
    material: Annotated[str, typer.Option(help="of one material alone")] = "",
    to: Annotated[Path | None, typer.Option(help="write what goes into policy.toml to this file")] = None,
    config: Config = DEFAULT,
) -> None:
    """Show the blocks of a machine's imported profiles, and what to put into policy.toml to approve them.

    Approves nothing by itself: policy.toml is its owner's to write.
    """
    from shop_agent.errors import BadConfig
    from shop_agent.importing import look, snippet

    shown = look(load_config(config), machine, material)
    console = _console()
    for one in shown:
        _show_block(console, one)
    text = snippet(machine, shown)
    if not text:
        console.print("every block is approved")
        return
    if to is None:
        console.print("if that is right, put this at the end of policy.toml:", "", text, sep="\n")
        return
    try:
        with to.open("x", encoding="utf-8") as new:
            new.write(text)
    except OSError as error:
        raise BadConfig(f"{to} can't be written: {error.strerror}") from error
    console.print(f"written: {to}. If it is right, put it at the end of policy.toml")


def _console() -> Console:
    return Console(soft_wrap=True, markup=False, highlight=False)


def _show_taken(taken: "Taken", machine: str) -> None:
    console, profile = _console(), taken.imported.profile
    names = " · ".join(name for name in (profile.printer, profile.print, profile.filament) if name)
    console.print(f"{profile.source}: {names or 'a flat configuration'}")
    console.print(f"taken: {len(profile.settings)} settings, {len(profile.blocks)} blocks")
    for note in taken.imported.notes:
        console.print(f"  {note}")
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for one in taken.imported.dropped:
        by_reason[one.reason].append(one.key)
    for reason, keys in sorted(by_reason.items()):
        console.print(f"dropped ({reason}): {', '.join(keys)}")
    for difference in taken.differences:
        console.print(f"differs: {difference}")
    console.print("limits that would hold its programs:", taken.limits, sep="\n")
    console.print("written: " + ", ".join(map(str, taken.written)))
    if taken.unapproved:
        console.print(
            f"not approved yet: {', '.join(taken.unapproved)}: llagar-agent profile approve --machine {machine}"
        )


def _show_block(console: Console, shown: "Shown") -> None:
    supposed = shown.supposition
    reasons = {one.line.number: f"elsewhere refused: {one.reason}" for one in supposed.foreign}
    reasons |= {one.line.number: f"REFUSED here too, put it right: {one.reason}" for one in supposed.wrong}
    state = "approved" if shown.approved else "NOT approved"
    console.print(f"{supposed.block.slot} ({supposed.block.kind}), {state}: {', '.join(map(str, shown.files))}")
    for number, line in enumerate(supposed.block.text.split("\n"), 1):
        console.print(f"  {number:3} {_plain(line)}")
        if number in reasons:
            console.print(f"      ^ {_plain(reasons[number])}")
    for why in supposed.why:
        console.print(f"  supposed: {_plain(why)}")
    console.print()


def _plain(text: str) -> str:
    """Nothing that a terminal would obey."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text.replace("\t", " "))
