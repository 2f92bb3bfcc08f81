"""`llagar-agent doctor`: look at every machine, ask its streamer where that has the port, and say what is lacking."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from drivers.finding import Found, Outcome, look_at_all
from shop_agent.doctor import advice
from shop_agent.doctor.advice import Advice
from shop_agent.doctor.places import Spot, this_computer, told
from shop_agent.doctor.report import Remark, Report, Seen, abilities
from shop_agent.errors import BadConfig, StreamerGone, StreamerSaidNo
from shop_agent.settings import (
    AgentConfig,
    MachineSection,
    Policy,
    load_config,
    machine_limits,
    read_api_key,
    read_policy,
)
from shop_agent.streamer import wire
from shop_agent.streamer.client import StreamerClient
from shop_agent.streamer.power import lost_link_text

ASK_S = 5.0


def examine(path: Path, folder: Path | None, urls: Sequence[str], key_file: Path | None) -> Report:
    """With a folder or URLs these alone, else all of this computer. Raises BadConfig for what was asked wrongly."""
    config, policy, remarks = _files(path)
    key = read_api_key(key_file) if key_file else ""
    narrow = folder is not None or bool(urls)
    spots = told(config, folder, urls, key) if narrow else this_computer(config, key)
    found = look_at_all([spot.place for spot in spots])
    pairs = [(spot, one) for spot, one in zip(spots, found, strict=True) if not (spot.guessed and _nobody(one))]
    seen = [_seen(config, spot, one) for spot, one in pairs]
    for spot, one in pairs:
        remarks += advice.of_what_answers(spot, one)
    looked_at = [spot.machine for spot, _ in pairs if spot.machine is not None]
    by_hand = [one for one in config.machines if one.attested] if config and not narrow else []
    seen += [_attested(one) for one in by_hand]
    for machine in [*looked_at, *by_hand]:
        remarks += advice.of_files(machine, policy, _limits(config, policy, machine))
        remarks += advice.of_profile(machine, policy)
    return Report(
        machines=tuple(seen),
        remarks=tuple(Remark(machine=one.machine, text=one.text, attention=one.attention) for one in remarks),
    )


def _nobody(found: Found) -> bool:
    return found.outcome in (Outcome.GONE, Outcome.UNKNOWN)


def _files(path: Path) -> tuple[AgentConfig | None, Policy | None, list[Advice]]:
    """What can be read of the owner's files, and what can't."""
    try:
        config = load_config(path)
    except BadConfig as error:
        return None, None, [Advice("agent.toml", str(error))]
    try:
        return config, read_policy(config), []
    except BadConfig as error:
        return config, None, [Advice("policy.toml", str(error))]


def _limits(config: AgentConfig | None, policy: Policy | None, machine: MachineSection) -> str:
    """What is wrong with a machine's limits; empty: nothing, or the policy doesn't name them."""
    if config is None or policy is None or machine.name not in policy.machines:
        return ""
    try:
        machine_limits(config, policy, machine.name)
    except BadConfig as error:
        return str(error)
    return ""


def _seen(config: AgentConfig | None, spot: Spot, found: Found) -> Seen:
    can, machine = found.capabilities, spot.machine
    seen = Seen(
        name=spot.name,
        url=spot.place.url,
        outcome=found.outcome,
        configured=machine is not None,
        driver=found.driver,
        firmware=found.firmware,
        baudrate=found.baudrate,
        can=abilities(can) if can else (),
        volume_mm=can.volume_mm if can else None,
        lost_link=lost_link_text(can, relay=machine is not None and bool(machine.power_off)) if can else "",
        state=found.status.state.value if found.status else "",
        reason=found.status.reason if found.status else "",
        detail=found.detail,
    )
    in_use = found.outcome is Outcome.IN_USE and config is not None and machine is not None
    status = asyncio.run(_streamer(config, machine)) if in_use and config and machine else None
    if status is None or machine is None:
        return seen
    told = {"driver": machine.driver, "firmware": status.firmware, "lost_link": status.lost_link}
    return seen.model_copy(update={**told, "state": status.state.value, "detail": "as its streamer says"})


async def _streamer(config: AgentConfig, machine: MachineSection) -> wire.MachineStatus | None:
    """Who has a machine's port is mostly its own streamer."""
    client = StreamerClient(config.socket(machine.name))
    try:
        return await client.ask(wire.AskStatus(), wire.MachineStatus, ASK_S)
    except (StreamerGone, StreamerSaidNo):
        return None
    finally:
        client.close()


def _attested(machine: MachineSection) -> Seen:
    return Seen(
        name=machine.name,
        url="",
        outcome=Outcome.FOUND,
        configured=True,
        driver=machine.driver,
        can=("attested by a person",),
        state="by hand",
    )
