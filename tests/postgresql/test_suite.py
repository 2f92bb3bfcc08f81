"""The broker's tests, all that have to do with rows, on PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.broker.databases import DATABASES

pytestmark = pytest.mark.proof(share=0.1)
_ROOT = Path(__file__).parents[2]
_AT_LEAST = 80
"""Tests that must have had a PostgreSQL database of their own."""


def test_the_brokers_tests_pass_on_postgresql(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    words = ["tests/broker", "--ignore", "tests/broker/pages", "-m", "not proof", "-n", "2", "--dist", "loadgroup"]
    quiet = ["-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'inner'}", f"--junitxml={report}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *quiet],
        cwd=_ROOT,
        env=os.environ | {DATABASES: "postgresql"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    cases = ElementTree.parse(report).iter("testcase")
    kinds = [prop.get("value") for case in cases for prop in case.iter("property") if prop.get("name") == "database"]
    assert set(kinds) == {"postgresql"}
    assert len(kinds) >= _AT_LEAST
