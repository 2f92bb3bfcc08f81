"""`agent.toml` and `policy.toml`: what the shop's owner writes. Read by every process of the agent, written by none."""

import hashlib
import ipaddress
import os
import stat
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from broker.wire.shop import Inventory, MachineSpec, Process, Rates, Stock, Window
from shop_agent.blocks import BlockApproval
from shop_agent.errors import BadConfig
from slicer_bridge.errors import BadLimits
from slicer_bridge.programs.limits import MachineLimits, load_limits

_SOCKET_PATH_BYTES = 100
"""AF_UNIX paths hold 108 bytes on Linux."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ShopSection(_File):
    workshop: str
    town: str
    country: str = Field(min_length=2, max_length=2)
    latitude: float
    longitude: float
    timezone: str = "UTC"
    attended: tuple[Window, ...] = ()
    operators: int = Field(default=1, ge=1, le=500)
    share_plates: bool = True
    rates: Rates = Rates()
    stock: tuple[Stock, ...]


class SafeEndSection(_File):
    """How this machine is left; see `drivers.base.SafeEnd`."""

    fan_until_c: float = Field(default=50.0, ge=0, le=500)
    hold_z: bool = True


class MachineSection(MachineSpec):
    """A machine as the broker knows it, and what only this computer needs to know."""

    port: str = ""
    """Device path, URL of `serial.serial_for_url` with a file descriptor, or a host's `http://` address; empty for
    machines that are run by hand."""
    baudrate: int = 115200
    answer_s: float = Field(default=10.0, gt=0)
    long_s: float = Field(default=600.0, gt=0)
    profile: Path
    """TOML with the slicer's or cutter's settings; see `profiles`."""
    api_key_file: Path | None = None
    """One line, which not everybody may read; for machines behind a host."""
    safe_end: SafeEndSection = SafeEndSection()
    power_off: tuple[str, ...] = ()
    """Command that cuts the machine's power, when its safe end state can't be confirmed."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if bool(self.port) == self.attested:
            needs = "has no port: leave it out" if self.port else "needs a port"
            raise ValueError(f"{self.name} ({self.driver}) {needs}")
        if is_host(self.port):
            require_safe_host(self.port)
        return self

    def spec(self) -> MachineSpec:
        return MachineSpec.model_validate(self.model_dump(include=set(MachineSpec.model_fields)))

    def api_key(self) -> str:
        """Empty without a file. Raises BadConfig."""
        return "" if self.api_key_file is None else read_api_key(self.api_key_file)


def read_api_key(path: Path) -> str:
    """The key that is all of this file. Raises BadConfig, if everybody may read it too."""
    try:
        if path.stat().st_mode & stat.S_IROTH:
            raise BadConfig(f"{path} can be read by every user of this computer: chmod o= {path}")
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path}: no API key can be read: {error}") from error
    if not key or not key.isprintable() or " " in key:
        raise BadConfig(f"{path} must hold one API key and nothing else")
    return key


class AgentConfig(_File):
    """Relative paths are relative to the file they stand in."""

    broker: str
    data: Path = Path("data")
    policy: Path = Path("policy.toml")
    runtime: Path | None = None
    """Short folder for Unix sockets; None: XDG_RUNTIME_DIR, or one of our own in /tmp."""
    bench_port: int = Field(default=0, ge=0, le=65535)
    """0: any free port; its address is written to `bench.json` in the data folder."""
    shop: ShopSection
    machines: tuple[MachineSection, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [machine.name for machine in self.machines]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"machines are named twice: {', '.join(twice)}")
        stocked = {stock.material for stock in self.shop.stock}
        for machine in self.machines:
            missing = sorted(set(machine.materials) - stocked)
            if missing:
                raise ValueError(f"{machine.name} takes {', '.join(missing)}, which is in no stock")
        require_safe_link(self.broker)
        try:
            ZoneInfo(self.shop.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone {self.shop.timezone!r}") from error
        return self

    def inventory(self) -> Inventory:
        shop = self.shop.model_dump()
        return Inventory(**shop, machines=tuple(machine.spec() for machine in self.machines))

    def machine(self, name: str) -> MachineSection:
        """Raises BadConfig."""
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise BadConfig(f"no machine {name!r}; there are: {', '.join(one.name for one in self.machines)}")

    def folder(self, machine: str) -> Path:
        """Where a machine's streamer keeps its journal, lock and log."""
        return self.data / "machines" / machine

    def socket(self, machine: str) -> Path:
        """The streamer's Unix socket. Raises BadConfig for a folder that is too long or another user's."""
        runtime = self.runtime or _default_runtime()
        name = hashlib.sha256(f"{self.data.resolve()}|{machine}".encode()).hexdigest()[:16]
        path = runtime / f"{name}.sock"
        if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
            raise BadConfig(f"{runtime} is too long for Unix sockets: set `runtime` to a shorter folder")
        # Whoever owns the folder decides who answers at the socket, and /tmp is everybody's.
        if runtime.exists() and runtime.stat().st_uid != os.getuid():
            raise BadConfig(f"{runtime} belongs to another user: set `runtime` to a folder of your own")
        return path


def _default_runtime() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) / "llagar" if runtime else Path(f"/tmp/llagar-{os.getuid()}")


def require_safe_link(url: str) -> None:
    """Raises ValueError: links to a broker are TLS, plain only on loopback."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"the broker's address is a URL such as https://broker.example, not {url!r}")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"{url} is not encrypted: use https (plain http is for this computer alone)")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_host(port: str) -> bool:
    """A machine's host on the network, and no port."""
    return port.startswith(("http://", "https://"))


def require_safe_host(url: str) -> None:
    """Raises ValueError: plain http, as machines' hosts speak it, stays in the shop's own network."""
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"a machine's host has a URL such as http://printer.local, not {url!r}")
    if parts.username or parts.password:
        raise ValueError(f"{parts.hostname}: no passwords in a port: a key goes into api_key_file")
    if parts.scheme == "http" and not _is_near(parts.hostname):
        raise ValueError(f"{url} is not encrypted and not in this shop's network: use https")


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal", ".home.arpa"))
    return address.is_private or address.is_link_local


def is_local(url: str) -> bool:
    """On this computer: no proxy stands between."""
    return is_loopback(urlsplit(url).hostname or "")


class MachinePolicy(_File):
    limits: Path
    """TOML of `slicer_bridge.programs.limits.MachineLimits`."""
    heat_w: float | None = Field(default=None, ge=0)
    """What its heaters draw together on their way up."""
    heat_up_s: float = Field(default=900.0, gt=0)
    """After this a heat-up counts as over, whatever the machine says."""


class Policy(_File):
    """What may happen in this shop; the broker can't write it."""

    auto_accept_lots: bool = False
    record_life_s: float = Field(default=3600.0, ge=600.0, le=7200.0)
    """How long a setup record holds: 10 min to 2 h."""
    presence_interval_s: float = Field(default=600.0, gt=0.0)
    """Attended machines: a named operator confirms at least so often."""
    hours: tuple[Window, ...] = ()
    """Local hours in which runs may start; none given: always."""
    power_budget_w: float | None = Field(default=None, gt=0)
    """What all heat-ups of the shop together may draw; None: no limit."""
    machines: dict[str, MachinePolicy]
    blocks: tuple[BlockApproval, ...] = ()
    """The shop's own start, end, change and layer blocks, as approved; read anew for every program."""

    @model_validator(mode="after")
    def _blocks_of_machines(self) -> Self:
        seen: set[tuple[str, str, str]] = set()
        for block in self.blocks:
            if block.machine not in self.machines:
                raise ValueError(f"[[blocks]] of {block.machine}: there is no [machines.{block.machine}]")
            name = (block.machine, block.kind.value, block.sha256)
            if name in seen:
                raise ValueError(f"[[blocks]] of {block.machine}: {block.kind} {block.sha256[:12]}… stands there twice")
            seen.add(name)
        return self

    @model_validator(mode="after")
    def _within_budget(self) -> Self:
        for name, machine in self.machines.items():
            if self.power_budget_w is not None and (machine.heat_w or 0.0) > self.power_budget_w:
                raise ValueError(
                    f"{name} heats with {machine.heat_w:g} W, more than power_budget_w ({self.power_budget_w:g} W): "
                    "it could never start"
                )
        return self

    def is_open(self, local: datetime) -> bool:
        """Whether a run may start at this local time."""
        minute = local.hour * 60 + local.minute
        return not self.hours or any(
            one.weekday == local.weekday() and one.start_min <= minute < one.end_min for one in self.hours
        )


Model = TypeVar("Model", bound=BaseModel)


def _load(path: Path, model: type[Model]) -> Model:
    """Raises BadConfig, naming file and key."""
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadConfig(f"{path}: can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{path}: can't be read as TOML: {error}") from error
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(str(step) for step in one['loc']) or 'file'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise BadConfig(f"{path}: {reasons}") from error


def _placed(machine: MachineSection, base: Path) -> MachineSection:
    key = machine.api_key_file
    paths = {"profile": base / machine.profile, "api_key_file": base / key if key else None}
    return machine.model_copy(update=paths)


def load_config(path: Path) -> AgentConfig:
    """Raises BadConfig."""
    config = _load(path, AgentConfig)
    base = path.resolve().parent
    machines = tuple(_placed(one, base) for one in config.machines)
    return config.model_copy(
        update={
            "data": base / config.data,
            "policy": base / config.policy,
            "runtime": base / config.runtime if config.runtime else None,
            "machines": machines,
        }
    )


def policy_of(path: Path) -> Policy:
    """Whichever machines it names. Raises BadConfig."""
    return _load(path, Policy)


def read_policy(config: AgentConfig) -> Policy:
    """Whichever machines it names. Raises BadConfig."""
    return policy_of(config.policy)


def load_policy(config: AgentConfig) -> Policy:
    """Raises BadConfig; every machine needs limits."""
    policy = read_policy(config)
    names = {machine.name for machine in config.machines}
    if set(policy.machines) != names:
        differ = ", ".join(sorted(set(policy.machines) ^ names))
        raise BadConfig(
            f"{config.policy}: [machines.NAME] must name each machine of agent.toml once; differs: {differ}"
        )
    return policy


def limits_path(config: AgentConfig, policy: Policy, machine: str) -> Path:
    return config.policy.resolve().parent / policy.machines[machine].limits


def machine_limits(config: AgentConfig, policy: Policy, machine: str) -> MachineLimits:
    """Read anew for every program. Raises BadConfig."""
    try:
        return load_limits(limits_path(config, policy, machine))
    except BadLimits as error:
        raise BadConfig(str(error)) from error


def is_router(spec: MachineSpec) -> bool:
    return spec.process is Process.CUT2D
