"""The summary that a person reads when the batch has ended."""

from rich.console import Console

from hardware_sim.demo.result import Ending, Starts, busy_s
from hardware_sim.demo.screen import money, table


def show(console: Console, ending: Ending, starts: Starts) -> None:
    order = ending.look.order
    console.print(f"\n[bold]Order {order.id} is {order.state} after {ending.wall_s:.0f} s[/bold]\n")
    _pieces(console, ending)
    _machines(console, ending, starts)
    _prices(console, ending)
    for kill in ending.kills:
        under_way = f"{len(kill.runs_under_way)} runs under way"
        console.print(f"{kill.process} was killed ({kill.when}, {under_way}) and came back")
    if starts.unattributed:
        console.print(f"[bold red]{starts.unattributed} physical starts belong to no run[/bold red]")


def _pieces(console: Console, ending: Ending) -> None:
    shops: dict[str, list[str]] = {}
    for lot in ending.look.lots:
        if lot.good or lot.quantity:
            shops.setdefault(lot.line, []).append(f"{lot.workshop} {lot.good}")
    rows = [
        (one.name, one.material, str(one.ordered), str(one.good), str(one.scrap), ", ".join(shops.get(one.id, [])))
        for one in ending.look.order.lines
    ]
    console.print(table("Pieces", ("part", "material", "ordered", "good", "scrap", "made by"), rows))


def _machines(console: Console, ending: Ending, starts: Starts) -> None:
    rows = []
    for machine in ending.machines:
        runs = [run for run in ending.look.runs if run.machine == machine.name and starts.by_run[run.id]]
        bad = sum("faulted" in run.states for run in runs)
        busy = busy_s(starts.by_machine[machine.name])
        use = f"{100 * busy / ending.wall_s:.0f} %"
        rows.append((machine.name, machine.shop, str(len(runs)), str(bad) if bad else "", f"{busy:.0f} s", use))
    console.print(table("Machines", ("machine", "workshop", "plates", "failed", "busy", "use"), rows))


def _prices(console: Console, ending: Ending) -> None:
    quote = ending.look.order.quote
    rows = [(one.text, money(one.amount, quote.currency)) for one in quote.lines]
    ledger = ending.look.order.ledger
    rows += [("total", money(quote.total, quote.currency)), ("paid out", money(ledger.paid, quote.currency))]
    console.print(table("Price", ("", "amount"), rows))
