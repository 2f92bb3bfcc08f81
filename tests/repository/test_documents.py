"""What the documents show and name is there."""

import importlib
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

import broker.app.cli
import broker.client.cli
import hardware_sim.cli
import shop_agent.cli
from broker.wire.diagram import MEANING
from broker.wire.states import RunState
from hardware_sim.faults import FaultKind
from hardware_sim.rig import reference
from hardware_sim.rig.rig_file import plan_of
from shop_agent.profiles import load_profile
from shop_agent.settings import load_config, load_policy, machine_limits
from tests.repository.test_layout import PACKAGES, ROOT, tracked

APPS: dict[str, typer.Typer] = {
    "llagar": broker.client.cli.app,
    "llagar-broker": broker.app.cli.app,
    "llagar-agent": shop_agent.cli.app,
    "llagar-rig": hardware_sim.cli.app,
}
DOCUMENTS = sorted(path for path in tracked() if path.endswith(".md"))
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_DOTTED = re.compile(rf"(?:{'|'.join(sorted(PACKAGES - {'tests'}))})(?:\.\w+)+")
_ENDS_COMMAND = {"|", "&&", "||", ";", "&", ">", "#"}


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str) -> Iterator[tuple[str, str]]:
    """Language and text of every fenced block."""
    return ((match[1], match[2]) for match in _FENCE.finditer(text_of(document)))


def spans(document: str) -> list[str]:
    """Every inline piece of code."""
    return _SPAN.findall(_FENCE.sub("", text_of(document)))


def shown_lines(document: str) -> list[str]:
    fenced = [line for _, text in blocks(document) for line in text.replace("\\\n", " ").splitlines()]
    return [*fenced, *spans(document)]


def words_of(line: str) -> list[str]:
    """The words of a shell's line, or of a unit's `ExecStart=`; a line that is no shell's has none."""
    try:
        return shlex.split(line.partition("=")[2] if line.startswith("Exec") else line)
    except ValueError:
        return []


def calls(document: str) -> Iterator[list[str]]:
    """Every call of one of our executables, as its words."""
    for line in shown_lines(document):
        call: list[str] = []
        for word in words_of(line):
            name = word.rpartition("/bin/")[2]
            if name in APPS and (not call or call[-1] == "--"):
                yield call
                call = [name]
            elif word in _ENDS_COMMAND:
                yield call
                call = []
            elif call:
                call.append(word)
        yield call


def is_flag(parameter: object) -> bool:
    return isinstance(parameter, TyperOption) and parameter.is_flag


def wrong_in(call: list[str]) -> str:
    """What a call names that its command doesn't have; empty if nothing."""
    command = get_command(APPS[call[0]])
    before = ""
    for word in (part.strip("[]…") for part in call[1:]):
        valued = {name for parameter in command.params if not is_flag(parameter) for name in parameter.opts}
        before, is_value = word, before in valued
        if isinstance(command, TyperGroup) and not word.startswith("-"):
            if is_value:
                continue
            if word not in command.commands:
                return f"{' '.join(call)}: there is no {word!r}"
            command = command.commands[word]
        elif word.startswith("-") and word != "--":
            options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
            if word.partition("=")[0] not in options:
                return f"{' '.join(call)}: there is no {word!r}"
    return ""


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_relative_links_lead_somewhere(document: str) -> None:
    lost = []
    for link in _LINK.findall(_FENCE.sub("", text_of(document))):
        target, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        path = (ROOT / document).parent / target if target else ROOT / document
        headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE) if path.suffix == ".md" else []
        if not path.exists() or (anchor and anchor not in map(slug, headings)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_that_are_shown_exist(document: str) -> None:
    assert [wrong for call in calls(document) if call and (wrong := wrong_in(call))] == []


def test_a_wrong_command_would_be_noticed() -> None:
    assert wrong_in(["llagar", "ordr"])
    assert wrong_in(["llagar-broker", "user", "add", "Eva", "--rolle", "admin"])
    assert not wrong_in(["llagar-broker", "user", "add", "Eva", "--role=admin"])
    assert wrong_in(["llagar-agent", "machines", "--config", "agent.toml", "ad"])
    assert not wrong_in(["llagar-agent", "machines", "--config", "agent.toml", "--json", "add", "x"])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_modules_that_are_run_exist(document: str) -> None:
    modules = [
        name
        for line in shown_lines(document)
        for name in re.findall(r"python -m ([\w.]+)", line)
        if name.split(".")[0] in PACKAGES
    ]
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_knows_its_targets(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {name for line in shown_lines(document) for name in re.findall(r"^make ([a-z]+)", line)}
    assert shown <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_extras_that_are_installed_exist(document: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {extra for list_ in re.findall(r"llagar\[([\w,]+)\]", text_of(document)) for extra in list_.split(",")}
    assert named <= set(project["optional-dependencies"])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_are_named_exist(document: str) -> None:
    folders = PACKAGES | {"docs", "rigs", "requirements"}
    named = {span for span in spans(document) if "/" in span and span.split("/")[0] in folders}
    plain = {span.rstrip("/") for span in named if re.fullmatch(r"[\w./-]+", span) and "NAME" not in span}
    assert sorted(span for span in plain if not (ROOT / span).exists()) == []


def found(name: str) -> bool:
    """Whether a dotted name is a module, or something that hangs on one."""
    steps = name.split(".")
    for length in range(len(steps), 0, -1):
        try:
            there: object = importlib.import_module(".".join(steps[:length]))
        except ModuleNotFoundError:
            continue
        for step in steps[length:]:
            if not hasattr(there, step):
                return False
            there = getattr(there, step)
        return True
    return False


def test_the_map_names_what_is_there() -> None:
    named = {match[0] for span in spans("ARCHITECTURE.md") if (match := _DOTTED.fullmatch(span.rstrip("()")))}
    assert len(named) > 50, "it follows one batch by function name"
    assert sorted(name for name in named if not found(name)) == []


def test_the_map_is_short() -> None:
    assert text_of("ARCHITECTURE.md").count("\n") <= 250


def test_run_states_are_written_by_their_command() -> None:
    command = [sys.executable, "-m", "broker.wire.diagram"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    assert text_of("docs/run-states.md") == done.stdout
    assert set(MEANING) == set(RunState)


def test_the_workshop_of_the_guide_can_be_loaded(tmp_path: Path) -> None:
    """Its files, as the guide shows them, pass the agent's own reading."""
    for language, text in blocks("docs/workshop.md"):
        if language == "toml":
            name = text.splitlines()[0].removeprefix("# ")
            (tmp_path / name).write_text(text, encoding="utf-8")
    config = load_config(tmp_path / "agent.toml")
    policy = load_policy(config)
    assert {machine.name for machine in config.machines} == {"printer-250", "router-600"}
    for machine in config.machines:
        machine_limits(config, policy, machine.name)
        load_profile(machine.profile)


def test_the_demos_guide_explains_every_key() -> None:
    keys = json.loads(text_of("docs/demo.schema.json"))["required"]
    assert [key for key in keys if f"`{key}`" not in text_of("docs/demo.md")] == []


def test_the_rigs_keys_faults_and_commands_are_written_by_their_command() -> None:
    command = "python -m hardware_sim.rig.reference > docs/rig-reference.md"
    assert text_of("docs/rig-reference.md") == reference.document(), f"write it anew: {command}"
    assert [kind for kind in FaultKind if f"| `{kind}` |" not in text_of("docs/rig-reference.md")] == []


def test_the_rig_of_the_guide_can_be_planned() -> None:
    (text,) = (text for language, text in blocks("docs/rig.md") if language == "toml")
    assert len(plan_of(text, "docs/rig.md", None, None).machines) == 91


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("demo", "docs/demo.md"),
        ("exec", "docs/demo.md"),
        ("up", "docs/rig.md"),
        ("fault", "docs/rig.md"),
        ("do", "docs/rig.md"),
        ("report", "docs/rig.md"),
    ],
)
def test_the_rigs_guides_name_every_option(name: str, document: str) -> None:
    group = get_command(APPS["llagar-rig"])
    assert isinstance(group, TyperGroup)
    options = {name for parameter in group.commands[name].params for name in parameter.opts if name.startswith("--")}
    assert sorted(option for option in options if f"`{option}" not in text_of(document)) == []
