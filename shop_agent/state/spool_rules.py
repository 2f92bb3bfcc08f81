"""The shop's spools: what is left on each, and whether a program can be printed from them.

A shop that keeps no spool of a material has nobody look at weights; one that keeps some says which is loaded.
"""

from dataclasses import replace

from broker.wire.states import RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state.instructions import Instruction
from shop_agent.state.memory import AFTER_PERMIT, Memory
from shop_agent.state.records import RunRecord, Setup, SpoolRecord

_USED = AFTER_PERMIT | {RunState.ARMED}
_LEAST_G = 0.05
"""Less than this on a spool is nothing."""


def given(memory: Memory, event: ev.SpoolGiven) -> list[Instruction]:
    """Raises Refused."""
    if not event.material.strip():
        raise Refused("say which material is on the spool")
    if event.left_g < 0:
        raise Refused(f"{event.left_g:g} g can't be left on a spool")
    known = memory.spools.get(event.spool)
    if known is None:
        name = event.spool or str(1 + max((int(one) for one in memory.spools if one.isdecimal()), default=0))
        memory.keep_spool(SpoolRecord(name, event.material, event.colour, event.left_g))
        return []
    used = user_of(memory, known.id)
    if used is not None and (event.material, event.colour) != (known.material, known.colour):
        raise Refused(f"spool {known.id} is {known.material} on {used.machine}, and run {used.id} prints from it")
    news = replace(known, material=event.material, colour=event.colour, left_g=event.left_g, gone=False)
    memory.keep_spool(news)
    return []


def gone(memory: Memory, event: ev.SpoolGone) -> list[Instruction]:
    """Raises Refused."""
    spool = _known(memory, event.spool)
    used = user_of(memory, spool.id)
    if used is not None:
        raise Refused(f"run {used.id} prints from spool {spool.id} on {used.machine}")
    memory.keep_spool(replace(spool, gone=True, machine=""))
    return []


def in_stock(memory: Memory, material: str) -> list[SpoolRecord]:
    return [spool for spool in memory.spools.values() if spool.material == material and not spool.gone]


def user_of(memory: Memory, spool: str) -> RunRecord | None:
    """The run that prints from it, or is set up to."""
    for run in memory.runs.values():
        if run.phase in _USED and run.setup is not None and spool in run.setup.spools:
            return run
    return None


def require_spools(memory: Memory, run: RunRecord, setup: Setup) -> None:
    """Raises Refused unless the spools are the plate's, free, and hold what the program takes."""
    if not setup.spools:
        kept = in_stock(memory, run.material)
        if kept:
            names = ", ".join(f"{spool.id} ({spool.colour or 'no colour'}, {spool.left_g:.0f} g)" for spool in kept)
            raise Refused(f"say which spool of {run.material} is loaded; the shop keeps {names}")
        return
    if len(set(setup.spools)) != len(setup.spools):
        raise Refused("a spool is named twice")
    spools = [_fit(memory, run, name) for name in setup.spools]
    needed_g = run.program.material_g if run.program else 0.0
    if spools[0].left_g >= needed_g:
        return
    if sum(spool.left_g for spool in spools) < needed_g:
        raise Refused(
            f"{_and(setup.spools)} hold{'s' if len(spools) == 1 else ''} {sum(one.left_g for one in spools):.0f} g, "
            f"the program takes {needed_g:.0f} g: load another spool, or name the one that follows and stay there"
        )
    if not setup.stays:
        raise Refused(f"spool {spools[0].id} runs out in this program: somebody must stay there to change it")


def _fit(memory: Memory, run: RunRecord, name: str) -> SpoolRecord:
    spool = _known(memory, name)
    colour = run.needs.colour if run.needs else ""
    if spool.gone:
        raise Refused(f"spool {name} was put away: add it again, or load another")
    if spool.material != run.material:
        raise Refused(f"spool {name} is {spool.material}, the plate needs {run.material}: load another")
    if colour and spool.colour != colour:
        raise Refused(f"spool {name} is {spool.colour or 'of no known colour'}, the plate needs {colour}: load another")
    used = user_of(memory, name)
    if used is not None:
        raise Refused(f"spool {name} is on {used.machine}, where run {used.id} prints from it")
    return spool


def load(memory: Memory, run: RunRecord, setup: Setup) -> None:
    """The first spool is on the machine now; what was there before is on the shelf."""
    first = setup.spools[:1]
    for spool in list(memory.spools.values()):
        if spool.machine == run.machine and spool.id not in first:
            memory.keep_spool(replace(spool, machine=""))
        elif spool.id in first and spool.machine != run.machine:
            memory.keep_spool(replace(spool, machine=run.machine))


def use(memory: Memory, run: RunRecord, lines: int | None) -> None:
    """A run has ended after so many lines; None: nobody knows, and all of it counts as used."""
    if run.program is None or run.setup is None or not run.setup.spools:
        return
    share = 1.0 if lines is None else min(1.0, lines / max(1, run.program.lines))
    used_g = run.program.material_g * share
    for name in run.setup.spools:
        spool = memory.spools.get(name)
        if spool is None or used_g < _LEAST_G:
            continue
        taken_g = min(used_g, spool.left_g)
        used_g -= taken_g
        memory.keep_spool(replace(spool, left_g=round(spool.left_g - taken_g, 2)))


def _known(memory: Memory, name: str) -> SpoolRecord:
    if name not in memory.spools:
        there = ", ".join(sorted(one.id for one in memory.spools.values() if not one.gone)) or "none"
        raise Refused(f"the shop keeps no spool {name}; there are: {there}")
    return memory.spools[name]


def _and(names: tuple[str, ...]) -> str:
    return f"spool {names[0]}" if len(names) == 1 else f"spools {' and '.join(names)}"
