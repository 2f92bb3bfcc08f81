"""Shops that print with PrusaSlicer profiles of their own, set up by the commands that an owner types."""

from pathlib import Path

from tests.shop_agent.shops import write_shop
from tests.shop_agent.terminal import Ended, terminal
from tests.slicer_bridge.slicing.shop.profiles import config_ini

MACROS = {
    "PRINT_START": "M140 S{params.BED}\nG28\nBED_MESH_CALIBRATE\nM190 S{params.BED}\nM109 S{params.EXTRUDER}\nG92 E0",
    "PRINT_END": "TURN_OFF_HEATERS\nM107",
}
LIMITS = "limits that would hold its programs:\n"
WRITTEN = "\nwritten: "


def own_shop(
    folder: Path, runtime: Path, port: Path | str, *, broker: str = "http://127.0.0.1:9", host: str = ""
) -> Path:
    """agent.toml of a shop with one printer, behind Moonraker if `host` is its key."""
    path = write_shop(folder, runtime, printer=port, broker=broker, keys='api_key_file = "key"\n' if host else "")
    if host:
        path.write_text(path.read_text().replace('driver = "marlin"', 'driver = "moonraker"'))
        (folder / "key").write_text(host)
        (folder / "key").chmod(0o600)
        limits = folder / "printer.limits.toml"
        limits.write_text(limits.read_text().replace('"marlin"', '"klipper"'))
    return path


def import_profile(path: Path, file: Path, *presets: str) -> Ended:
    return terminal(path, "profile", "import", str(file), "--machine", "printer", "--material", "PLA", *presets)


def approve(path: Path) -> str:
    """As the owner does who believes what is supposed; what was put into policy.toml."""
    snippet = path.parent / "blocks.toml"
    snippet.unlink(missing_ok=True)
    done = terminal(path, "profile", "approve", "--machine", "printer", "--to", str(snippet))
    assert done.code == 0, done.stderr
    text = snippet.read_text()
    with (path.parent / "policy.toml").open("a") as policy:
        policy.write("\n" + text)
    return text


def take_limits(path: Path, done: Ended) -> None:
    """The proposed limits become the machine's."""
    assert done.code == 0, done.stderr
    text = done.stdout.partition(LIMITS)[2].partition(WRITTEN)[0]
    (path.parent / "printer.limits.toml").write_text(text + "\n")


def flat_file(folder: Path, **changed: str | None) -> Path:
    file = folder / "config.ini"
    file.write_bytes(config_ini(**changed))
    return file
