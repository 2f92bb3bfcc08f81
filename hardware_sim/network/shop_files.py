"""The files that a workshop's owner writes before an agent can run: agent.toml, policy.toml, limits and profiles."""

import json
from pathlib import Path

from hardware_sim.network.towns import SimMachine, SimMaterial, SimShop, materials_for


def _toml(value: object) -> str:
    """A string, number, truth or list of them as TOML; JSON writes these the same way."""
    return json.dumps(value, ensure_ascii=False)


def _table(name: str, values: dict[str, object]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""])


def _stock(material: SimMaterial) -> str:
    values: dict[str, object] = {"material": material.name, "density_g_cm3": material.density_g_cm3}
    if material.sheet_mm is None:
        values["price_per_kg"] = material.price
    else:
        values |= {"price_per_sheet": material.price, "sheet_mm": list(material.sheet_mm)}
    return _table("[shop.stock]", values)


def _machine(machine: SimMachine, port: Path) -> str:
    return _table(
        "[machines]",
        {
            "name": machine.name,
            "driver": machine.firmware,
            "process": machine.process,
            "port": str(port),
            "volume_mm": list(machine.volume_mm),
            "materials": [material.name for material in materials_for(machine.process)],
            "tool_mm": machine.tool_mm,
            "attended": machine.process == "cut2d",
            "profile": f"{machine.name}.profile.toml",
        },
    )


def _agent(shop: SimShop, broker: str, ports: Path, runtime: Path) -> str:
    processes = {machine.process for machine in shop.machines}
    head: dict[str, object] = {"broker": broker, "data": "data", "policy": "policy.toml", "runtime": str(runtime)}
    town: dict[str, object] = {
        "workshop": shop.name,
        "town": shop.town,
        "country": "ES",
        "latitude": shop.latitude,
        "longitude": shop.longitude,
        "timezone": "Europe/Madrid",
    }
    clock = [_table("[shop.attended]", {"weekday": day, "start_min": 0, "end_min": 1440}) for day in range(7)]
    rates: dict[str, object] = {
        "currency": "EUR",
        "machine_per_h": shop.machine_per_h,
        "labour_per_h": shop.labour_per_h,
        "setup": 100,
        "shipping": 450,
    }
    stock = [_stock(material) for process in sorted(processes) for material in materials_for(process)]
    machines = [_machine(machine, ports / machine.name) for machine in shop.machines]
    settings = [f"{key} = {_toml(value)}" for key, value in head.items()]
    return "\n".join([*settings, "", _table("shop", town), *clock, _table("shop.rates", rates), *stock, *machines])


def _policy(shop: SimShop) -> str:
    machines = [_table(f"machines.{one.name}", {"limits": f"{one.name}.limits.toml"}) for one in shop.machines]
    return "\n".join(["auto_accept_lots = true", "record_life_s = 3600", "presence_interval_s = 600", "", *machines])


def _limits(machine: SimMachine) -> str:
    width, depth, height = machine.volume_mm
    if machine.process == "cut2d":
        general: dict[str, object] = {
            "dialect": "grbl",
            "max_feed_mm_s": 100,
            "max_feed_z_mm_s": 25,
            "max_spindle_rpm": 24000,
            "max_dwell_s": 30,
            "max_duration_s": 28800,
        }
        frame: dict[str, object] = {"x": [-width, 0], "y": [-depth, 0], "z": [-height, 0]}
    else:
        general = {
            "dialect": "marlin",
            "max_feed_mm_s": 250,
            "max_feed_e_mm_s": 80,
            "max_acceleration_mm_s2": 5000,
            "max_hotend_c": 260,
            "max_bed_c": 110,
            "max_flow_mm3_s": 20,
            "max_duration_s": 259200,
        }
        frame = {"x": [0, width], "y": [0, depth], "z": [0, height]}
    settings = [f"{key} = {_toml(value)}" for key, value in general.items()]
    return "\n".join([*settings, "", _table("envelope_mm", frame)])


def _profile(machine: SimMachine) -> str:
    if machine.process == "fdm":
        return _table("printer", {"perimeter_mm_s": 45.0, "infill_mm_s": 80.0, "travel_mm_s": 150.0})
    cutter: dict[str, object] = {"feed_mm_s": 20.0, "plunge_mm_s": 6.0, "spindle_rpm": 16000.0, "pass_mm": 1.6}
    return "\n".join(_table(f"tools.{material.name}", cutter) for material in materials_for("cut2d"))


def write_shop(folder: Path, shop: SimShop, broker: str, ports: Path, runtime: Path) -> Path:
    """Write all of a workshop's files into `folder`; returns the path of its agent.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    for machine in shop.machines:
        (folder / f"{machine.name}.limits.toml").write_text(_limits(machine), encoding="utf-8")
        (folder / f"{machine.name}.profile.toml").write_text(_profile(machine), encoding="utf-8")
    (folder / "policy.toml").write_text(_policy(shop), encoding="utf-8")
    config = folder / "agent.toml"
    config.write_text(_agent(shop, broker, ports, runtime), encoding="utf-8")
    return config
