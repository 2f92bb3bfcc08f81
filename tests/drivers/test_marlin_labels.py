from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from drivers.base import SafeEnd
from drivers.marlin.abilities import Abilities
from drivers.marlin.answers import Capability, Firmware, Heater, UnknownCommand
from drivers.marlin.heaters import Heaters
from drivers.marlin.labels import Objects, bare, minutes_left_s
from drivers.marlin.safe_end import Rest

HEADER = ["G28", "M486 S0", "M486 AClip.stl (Instance 1)", "M486 S-1", "M486 S1", "M486 Ahook.stl", "M486 S-1"]


def test_objects_are_named_as_the_slicer_names_them() -> None:
    objects = Objects([*HEADER, "G1 X1", "M486 S1 ; again", "G1 X2", "M486 S-1"])
    assert objects.names == ("Clip.stl (Instance 1)", "hook.stl")
    assert [objects.number(name) for name in objects.names] == [0, 1]
    assert objects.number("nut") is None
    assert objects.counted_at == 0


def test_without_names_they_have_numbers_and_like_names_are_told_apart() -> None:
    objects = Objects(["M486 T3", "M486 S2", "M486 S0", "M486 S1", "M486 Apin", 'M486 S4 A"pin"'])
    assert objects.names == ("2", "0", "pin 1", "pin 4")
    assert objects.counted_at == 1


def test_what_the_firmware_has_no_bit_for_cant_be_left_out() -> None:
    assert Objects(["M486 S31", "M486 S32"]).names == ("31",)


def test_a_name_is_not_sent_for_its_capitals_are_parameters() -> None:
    assert bare("M486 ACircle Top S3") == "M486"
    assert bare('M486 S3 A"Pin"') == "M486 S3"
    assert bare("M486 S-1") == "M486 S-1"


@given(st.lists(st.sampled_from([*HEADER, "M486", "M486 A", "M486 AS3", "G1 X1", "; M486 S9", "M486 SA"]), max_size=30))
def test_whatever_the_labels_each_name_means_one_object(lines: list[str]) -> None:
    objects = Objects(lines)
    numbers = [objects.number(name) for name in objects.names]
    assert all(a != b for a, b in pairwise(sorted(number for number in numbers if number is not None)))


def test_the_time_left_is_in_minutes() -> None:
    assert minutes_left_s("M73 P12 R25") == 1500.0
    assert minutes_left_s("M73 Q12 S25") is None


def test_heaters_are_off_by_their_own_word_alone() -> None:
    def after(*reported: Heater) -> tuple[bool, bool, float | None]:
        heaters = Heaters()
        heaters.take(reported)
        return heaters.off, heaters.rising, heaters.bed_c

    assert after() == (False, False, None)
    assert after(Heater("T", 50, 0), Heater("B", 60, 60)) == (False, False, 60)
    assert after(Heater("T", 50, 0), Heater("B", 58, 0)) == (True, False, 58)
    assert after(Heater("T", 50, 200), Heater("B", 58, 0)) == (False, True, 58)


def test_each_tool_is_switched_off_and_the_hottest_counts() -> None:
    heaters = Heaters()
    assert heaters.switching_off() == ["M104 S0", "M140 S0"]
    heaters.take((Heater("T", 50, 0), Heater("T0", 50, 0), Heater("T1", 210, 215), Heater("C", 40, 45)))
    assert heaters.switching_off() == ["M104 T0 S0", "M104 T1 S0", "M140 S0", "M141 S0"]
    assert (heaters.hotend_c, heaters.hottest_c) == (50, 210)
    assert heaters.others() == {"T0": "50 of 0 °C", "T1": "210 of 215 °C", "C": "40 of 45 °C"}


def test_the_fan_runs_until_the_hot_end_is_cool() -> None:
    rest = Rest(SafeEnd(fan_until_c=50, hold_z=True))
    assert rest.lines(200) == ["M106 S255", "M84 S0"]
    assert rest.fan_off(50) == []
    assert rest.fan_off(None) == []
    assert rest.fan_off(49.9) == ["M107"]
    assert rest.fan_off(49.9) == []
    assert rest.lines(None) == ["M106 S255", "M84 S0"]
    assert rest.lines(30) == ["M107", "M84 S0"]
    assert Rest(SafeEnd(fan_until_c=0, hold_z=False)).lines(200) == ["M107", "M84"]


def test_what_a_workshop_should_know_of_its_firmware() -> None:
    abilities = Abilities()
    abilities.take(Firmware("Marlin 2.1", "Ender-3", 2))
    assert abilities.details()[0] == "thermal protection: it doesn't say"
    for name, enabled in {"THERMAL_PROTECTION": False, "EMERGENCY_PARSER": False, "RUNOUT": True}.items():
        abilities.take(Capability(name, enabled))
    abilities.take(UnknownCommand("M486"))
    told = abilities.details()
    assert told[0].startswith("THERMAL PROTECTION IS OFF")
    assert told[1].startswith("NO EMERGENCY PARSER")
    assert {"machine: Ender-3", "extruders: 2", "can't leave out objects (no M486)", "has RUNOUT"} <= set(told)


def test_comments_label_objects_too_where_no_words_do() -> None:
    program = [
        "G28",
        "; printing object Clip.stl id:0 copy 0",
        "G1 X1",
        "; stop printing object Clip.stl id:0 copy 0",
        "; printing object Clip.stl id:0 copy 1",
        "G1 X2 ; printing object is no label here",
        "; stop printing object Clip.stl id:0 copy 1",
        "; printing object Clip.stl id:0 copy 0",
    ]
    objects = Objects(program)
    assert objects.names == ("Clip.stl copy 0", "Clip.stl copy 1")
    sent = ["G28", "M486 S0", "G1 X1", "M486 S-1", "M486 S1", "G1 X2", "M486 S-1", "M486 S0"]
    assert list(objects.labelled(program)) == sent
    words = [*HEADER, *program]
    assert Objects(words).names == ("Clip.stl (Instance 1)", "hook.stl")
    assert Objects(words).labelled(words) is words
