"""A workshop's files, small enough for tests."""

from pathlib import Path

PRINTER = """
[[machines]]
name = "printer"
driver = "marlin"
process = "fdm"
port = "{port}"
volume_mm = [180, 180, 180]
materials = ["PLA"]
tool_mm = 0.4
profile = "printer.toml"
"""
ROUTER = """
[[machines]]
name = "router"
driver = "grbl"
process = "cut2d"
port = "{port}"
volume_mm = [600, 400, 80]
materials = ["plywood"]
tool_mm = 3.0
attended = true
profile = "router.toml"
"""
HAND = """
[[machines]]
name = "printer"
driver = "by_hand"
process = "fdm"
volume_mm = [180, 180, 180]
materials = ["PLA"]
tool_mm = 0.4
profile = "printer.toml"
"""
SHOP = """
broker = "{broker}"
runtime = "{runtime}"

[shop]
workshop = "Nava"
town = "Nava"
country = "ES"
latitude = 43.36
longitude = -5.5
timezone = "Europe/Madrid"

[[shop.stock]]
material = "PLA"
price_per_kg = 1900

[[shop.stock]]
material = "plywood"
price_per_sheet = 650
sheet_mm = [580, 380, 3]
"""
PRINTER_LIMITS = """
dialect = "marlin"
max_feed_mm_s = 250
max_feed_e_mm_s = 80
max_acceleration_mm_s2 = 5000
max_hotend_c = 260
max_bed_c = 110
[envelope_mm]
x = [0, 180]
y = [0, 180]
z = [0, 180]
"""
ROUTER_LIMITS = """
dialect = "grbl"
max_feed_mm_s = 100
max_spindle_rpm = 24000
[envelope_mm]
x = [-600, 0]
y = [-400, 0]
z = [-80, 0]
"""


def write_shop(
    folder: Path,
    runtime: Path,
    *,
    printer: Path | str | None = None,
    router: Path | None = None,
    broker: str = "http://127.0.0.1:9",
    policy: str = "auto_accept_lots = true\n",
    keys: str = "",
) -> Path:
    """The path of agent.toml; `printer` and `router` are ports, `keys` more lines for each machine.

    A printer whose port is empty is run by hand.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = SHOP.format(broker=broker, runtime=runtime)
    for name, port, section, limits in (
        ("printer", printer, HAND if printer == "" else PRINTER, PRINTER_LIMITS),
        ("router", router, ROUTER, ROUTER_LIMITS),
    ):
        if port is not None:
            text += section.format(port=port) + keys
            policy += f'[machines.{name}]\nlimits = "{name}.limits.toml"\n'
            (folder / f"{name}.limits.toml").write_text(limits)
            (folder / f"{name}.toml").write_text("[printer]\n" if name == "printer" else "")
    (folder / "policy.toml").write_text(policy)
    config = folder / "agent.toml"
    config.write_text(text)
    return config
