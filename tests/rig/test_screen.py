"""What the terminal shows of a rig."""

from rich.console import Console

from hardware_sim.firmware.witness import Counters
from hardware_sim.rig.holders import Holder
from hardware_sim.rig.screen import screen
from hardware_sim.rig.view import MachineView, RigView, offences


def machine(number: int, **changes: object) -> MachineView:
    values: dict[str, object] = {
        "shop": "nava",
        "machine": f"printer-{number}",
        "firmware": "marlin",
        "address": f"/p/{number}",
        "state": "idle",
        "faulted": False,
        "doing": "",
        "energy": "21/0 21/0 °C",
        "jobs": 0,
        "laid": 0,
        "offences": (),
        "waiting": (),
        "fired": (),
        "holders": (),
    }
    return MachineView(**{**values, **changes})  # type: ignore[arg-type]


def drawn(machines: list[MachineView], height: int = 40, width: int = 200, news: tuple[str, ...] = ()) -> list[str]:
    console = Console(width=width, height=height, force_terminal=False)
    with console.capture() as captured:
        console.print(screen(RigView("title", tuple(machines), ()), news, width, height))
    return captured.get().splitlines()


def line_of(lines: list[str], word: str) -> str:
    return next(line for line in lines if word in line)


def test_a_row_says_all_of_a_machine() -> None:
    busy = machine(
        1,
        state="busy",
        doing="job 3",
        jobs=3,
        laid=120,
        offences=(("after_fault", 2),),
        waiting=("hang", "detach"),
        fired=("lost_byte", "lost_byte"),
        holders=(Holder(12, "octoprint"),),
    )
    row = line_of(drawn([busy]), "printer-1")
    words = ("nava", "/p/1", "busy", "job 3", " 120 ", "after fault 2", "lost_byte ×2 · 2 to come", "octoprint 12")
    assert [word for word in words if word not in row] == []
    assert "unplugged" in line_of(drawn([machine(2, address="")]), "printer-2")


def test_trouble_and_work_are_shown_when_not_everything_fits() -> None:
    machines = [machine(number) for number in range(100)]
    machines[70] = machine(70, doing="job 1")
    machines[90] = machine(90, state="killed", faulted=True)
    lines = drawn(machines, height=24)
    assert len(lines) <= 24
    shown = [line for line in lines if "printer-" in line]
    assert "printer-90" in shown[0]
    assert "printer-70" in shown[1]
    assert "more, at which less happens" in "\n".join(lines)


def test_a_narrow_terminal_keeps_what_matters() -> None:
    lines = drawn([machine(1, doing="job 1", holders=(Holder(12, "octoprint"),))], width=80)
    row = line_of(lines, "printer-1")
    assert [word for word in ("/p/1", "idle", "job 1", "21/0 21/0 °C") if word not in row] == []
    assert max(map(len, lines)) <= 80


def test_what_matters_less_gives_way_first() -> None:
    held = (Holder(12, "octoprint"),)
    far = [machine(number, machine=f"printer-of-the-back-room-{number}", holders=held) for number in (1, 2)]
    headings = {width: drawn(far, width=width)[2].split() for width in (80, 115, 200)}
    assert {"shop", "held", "jobs", "offences"} <= set(headings[200])
    assert {"shop", "held", "jobs"} <= set(headings[115])
    assert "offences" not in headings[115], "there are none"
    assert {"machine", "open", "state"} <= set(headings[80])
    assert not {"held", "shop", "firmware"} & set(headings[80])
    row = line_of(drawn([machine(1, machine="a-very-long-name-of-a-printer" * 2)], width=80), "a-very")
    assert row.split()[0] == "a-very-long-name-of-a-printer" * 2


def test_news_stand_below() -> None:
    assert line_of(drawn([machine(1)], news=("printer-1: fault kind=hang",)), "fault kind=hang")


def test_every_counter_that_should_be_0_counts_as_an_offence() -> None:
    assert offences(Counters()) == ()
    assert offences(Counters(jobs=3, deposits=9, resends=1, after_fault=2, crashes=1)) == (
        ("after_fault", 2),
        ("crashes", 1),
    )
