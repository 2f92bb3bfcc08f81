from decimal import Decimal
from pathlib import Path

import pytest

from broker.settings import BadSettings, load_settings


def test_the_file_counts_and_its_folder_is_relative_to_it(tmp_path: Path) -> None:
    file = tmp_path / "broker.toml"
    file.write_text('data = "store"\nport = 0\nfee_percent = "7.5"\n')
    settings = load_settings(file, {}, host="::1", port=None)
    assert (settings.data, settings.port, settings.host) == (tmp_path / "store", 0, "::1")
    assert settings.fee_percent == Decimal("7.5")
    assert settings.url.endswith("store/broker.sqlite")


def test_the_environment_names_the_database() -> None:
    url = "postgresql+asyncpg://llagar@localhost/llagar"
    assert load_settings(None, {"LLAGAR_DATABASE_URL": url}).url == url


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1\n", "prot"),
        ("port = 70000\n", "port"),
        ("port =\n", "no TOML"),
        ("fee_percent = -1\n", "fee_percent"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "broker.toml"
    file.write_text(text)
    with pytest.raises(BadSettings, match=words):
        load_settings(file, {})


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"none\.toml"):
        load_settings(tmp_path / "none.toml", {})
