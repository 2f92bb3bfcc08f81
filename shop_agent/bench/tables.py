"""What the bench shows as tables and lines."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from broker.wire.messages import LotCount
from shop_agent.bench import schemas
from shop_agent.bench.presence import left_text


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def task_table(tasks: Sequence[schemas.TaskView]) -> Table:
    table = _table(f"{len(tasks)} waiting" if tasks else "nothing is waiting", "task", "machine", "what", "note")
    for task in tasks:
        table.add_row(task.id, task.machine or "", task.title, task.note)
    return table


def machine_table(machines: Sequence[schemas.MachineView]) -> Table:
    headings = ("machine", "stands", "mode", "run", "lines", "presence", "firmware", "why")
    table = _table("machines", *headings)
    for one in machines:
        left = "" if one.presence_left_s is None else left_text(one)
        firmware = "by hand: attested" if one.attested else one.firmware or ""
        mode = mode_text(one)
        table.add_row(one.name, one.standing, mode, one.run or "", _progress(one), left, firmware, _why(one))
    return table


def mode_text(machine: schemas.MachineView) -> str:
    until = machine.mode_until
    return machine.mode.value if until is None else f"{machine.mode}, until {until.astimezone():%A %H:%M}"


def spool_table(spools: Sequence[schemas.SpoolView]) -> Table:
    table = _table("spools" if spools else "no spools are kept: nobody looks at weights", "spool", "what", "left", "on")
    for spool in spools:
        table.add_row(spool.id, _what(spool), f"{spool.left_g:.0f} g", spool.machine)
    return table


def spool_text(spool: schemas.SpoolView) -> str:
    return f"{spool.id}: {_what(spool)}, {spool.left_g:.0f} g{f', on {spool.machine}' if spool.machine else ''}"


def _what(spool: schemas.SpoolView) -> str:
    return f"{spool.colour} {spool.material}".strip()


def run_table(runs: Sequence[schemas.CountedRun]) -> Table:
    headings = ("run", "box", "machine", "parts", "counted", "note")
    table = _table("counted" if runs else "nothing was counted yet", *headings)
    for run in runs:
        counts = "; ".join(count_text(count) for count in run.counts)
        table.add_row(run.run, run.label, run.machine, ", ".join(run.parts), counts, run.note)
    return table


def count_text(count: LotCount) -> str:
    scrap = "".join(f", {one.pieces} {one.reason}" for one in count.scrap)
    return f"{count.lot}: {count.good} good{scrap}"


def lost_link_text(machines: Sequence[schemas.MachineView]) -> Text:
    """What becomes of each machine once its cable is gone, as its streamer says."""
    lines = [f"{one.name}: when its link is lost: {one.lost_link}" for one in machines if one.lost_link]
    return Text("\n".join(lines))


def alarm_text(shop: schemas.ShopView) -> Text:
    """Empty if all is well."""
    if not shop.alarm:
        return Text()
    return Text(f"NOTHING NEW STARTS: {shop.alarm}\nput it right and save it: it is read at once", style="bold red")


def needs_text(task: schemas.TaskView) -> Text:
    """What a plate wants of machine and operator."""
    lines = [f"run {task.label}: {', '.join(task.parts)}"]
    wanted = [task.material, task.colour, task.surface and f"on {task.surface}"]
    tool = f"{'cutter' if task.router else 'nozzle'} {task.tool_mm:g} mm" if task.tool_mm else ""
    lines.append("needs: " + ", ".join(str(one) for one in (*wanted, tool) if one))
    grams = f"{task.material_g:.0f} g, " if task.material_g else ""
    if task.estimate_s:
        lines.append(f"takes: {grams}{task.estimate_s / 60:.0f} min")
    if task.router:
        lines += _sheet_lines(task)
    return Text("\n".join(lines))


def _sheet_lines(task: schemas.TaskView) -> list[str]:
    width, depth = task.reach_mm or (0.0, 0.0)
    lines = [f"sheet: {task.thickness_mm:g} mm thick, at least {width:.0f} × {depth:.0f} mm from its low corner"]
    for zone in task.keep_out:
        corners = " ".join(f"({x:g}, {y:g})" for x, y in zone.corners)
        lines.append(f"a clamp may stand at {zone.name}: {corners} mm{' of the machine' if zone.machine else ''}")
    return lines if task.keep_out else [*lines, "clamps: none were drawn, so none on the sheet"]


def _progress(machine: schemas.MachineView) -> str:
    if not machine.run or machine.attested:
        return ""
    minutes = "" if machine.time_left_s is None else f", {machine.time_left_s / 60:.0f} min left"
    return f"{machine.lines_done}/{machine.lines_total}{minutes}"


def _why(machine: schemas.MachineView) -> str:
    asks = f"it asks: {machine.prompt}" if machine.prompt else ""
    alone = "nobody was there: say presence, then press cycle start at the machine" if machine.lapsed else ""
    return asks or alone or machine.waits or machine.reason or machine.state_reason or ""
