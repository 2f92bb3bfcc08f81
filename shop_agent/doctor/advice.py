"""What a machine, its firmware and the shop's files lack, in words that say what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from drivers.base import Capabilities
from drivers.finding import Found, Outcome
from shop_agent.blocks import approvals_for
from shop_agent.doctor.places import Spot
from shop_agent.errors import BadConfig
from shop_agent.profiles import load_profile
from shop_agent.settings import MachineSection, Policy, is_loopback, is_router
from slicer_bridge.errors import BridgeError
from slicer_bridge.slicing.shop.approval import approved


@dataclass(frozen=True, slots=True)
class Advice:
    machine: str
    text: str
    attention: bool = True
    """False: good to know."""


def of_what_answers(spot: Spot, found: Found) -> Iterator[Advice]:
    """About the address and who is there."""
    name, machine = spot.name, spot.machine
    if spot.trouble:
        yield Advice(name, spot.trouble)
    match found.outcome:
        case Outcome.FOUND:
            yield from _of_match(spot, found)
        case Outcome.IN_USE:
            yield Advice(name, f"{found.outcome}: not touched ({found.detail})", attention=False)
        case Outcome.AT_WORK:
            text = f"{found.outcome}: asked for its name, else left alone ({found.detail})"
            yield Advice(name, text, attention=False)
        case Outcome.NEEDS_KEY:
            text = f"{found.firmware or 'it'} needs a key: give --key-file, or api_key_file in agent.toml"
            yield Advice(name, f"{text} ({found.detail})")
        case Outcome.FAULT:
            yield Advice(name, f"{found.firmware} answers, but: {found.detail}")
        case Outcome.UNKNOWN:
            yield Advice(name, found.detail, attention=machine is not None)
        case Outcome.GONE:
            yield Advice(name, f"nobody is there: {found.detail}")
    if found.capabilities is not None:
        yield from _of_firmware(name, found.capabilities)


def _of_match(spot: Spot, found: Found) -> Iterator[Advice]:
    machine = spot.machine
    if machine is None:
        yield Advice(spot.name, "is not in agent.toml: `llagar-agent machines add` writes it there")
    elif machine.driver != found.driver:
        yield Advice(spot.name, f"agent.toml says driver = {machine.driver!r}, but {found.firmware} answers")
    elif found.baudrate is not None and machine.baudrate != found.baudrate:
        yield Advice(spot.name, f"agent.toml says baudrate = {machine.baudrate}, it answers at {found.baudrate}")


def _of_firmware(name: str, can: Capabilities) -> Iterator[Advice]:
    for danger in can.dangers:
        yield Advice(name, danger)
    for detail in can.details:
        yield Advice(name, detail, attention=False)


def of_files(machine: MachineSection, policy: Policy | None, limits: str) -> Iterator[Advice]:
    """About agent.toml and policy.toml; `limits` is what is wrong with the limits file, or empty."""
    name = machine.name
    if policy is not None and name not in policy.machines:
        yield Advice(name, f"policy.toml has no [machines.{name}]: nothing may run on it")
    if limits:
        yield Advice(name, limits)
    if policy is not None:
        yield from _of_policy(machine, policy)
    if not machine.power_off:
        text = "no power_off: nothing cuts its power where its safe end state can't be confirmed"
        yield Advice(name, text, attention=False)
    if machine.api_key_file is not None and _is_open_link(machine.port):
        yield Advice(name, f"its key goes to {machine.port} unencrypted, for all in that network", attention=False)


def _of_policy(machine: MachineSection, policy: Policy) -> Iterator[Advice]:
    mine = policy.machines.get(machine.name)
    router = is_router(machine)
    if policy.power_budget_w is not None and not router and (mine is None or mine.heat_w is None):
        yield Advice(machine.name, "no heat_w, though there is a power_budget_w: its heat-up is not counted")
    if (machine.attended or router) and "presence_interval_s" not in policy.model_fields_set:
        text = f"attended, but no presence_interval_s: somebody must confirm every {policy.presence_interval_s:g} s"
        yield Advice(machine.name, text, attention=False)


def of_profile(machine: MachineSection, policy: Policy | None) -> Iterator[Advice]:
    """About the machine's profile file, and the PrusaSlicer profiles that it names."""
    try:
        profile = load_profile(machine.profile)
        materials = [one for one in machine.materials if one in profile.tables.get("imported", {})]
        approvals = approvals_for(policy.blocks, machine.name) if policy is not None else ()
        for material in materials:
            own = profile.imported(material, machine.tool_mm)
            if own is not None and policy is not None:
                approved(own, approvals)
    except (BadConfig, BridgeError) as error:
        yield Advice(machine.name, str(error))


def _is_open_link(port: str) -> bool:
    parts = urlsplit(port)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")
