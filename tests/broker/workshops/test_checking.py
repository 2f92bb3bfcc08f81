"""The process that checks signatures: it answers as the broker itself would, and the broker can do without it."""

import asyncio
import base64
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.workshops import checking
from broker.workshops.checking import Checker, Seal, check_here

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
PUBLIC, OTHERS = (base64.b64encode(key.public_key().public_bytes_raw()).decode() for key in (KEY, OTHER))


def _seal(keys: tuple[str, ...], text: str, signed: str) -> Seal:
    return keys, text, base64.b64encode(KEY.sign(signed.encode())).decode()


GOOD = _seal((PUBLIC,), "«wool»", "«wool»")
FORMER = _seal((OTHERS, PUBLIC), "wool", "wool")
FORGED = _seal((OTHERS,), "wool", "wool")
ALTERED = _seal((PUBLIC,), "wool", "wood")
NONSENSE: Seal = ((PUBLIC,), "wool", "?")
SEALS = (GOOD, FORMER, FORGED, ALTERED, NONSENSE) * 100
ANSWERS = [True, True, False, False, False] * 100


@pytest.fixture
async def checker() -> AsyncIterator[Checker]:
    made = Checker()
    yield made
    await made.close()


async def _running(checker: Checker) -> int:
    """The id of its process, once it answers."""
    while checker.pid is None:
        await checker.check(SEALS)
    return checker.pid


@pytest.mark.parametrize("seals", [SEALS, SEALS[:5], ()])
async def test_the_same_is_said_here_and_there(checker: Checker, seals: Sequence[Seal]) -> None:
    await _running(checker)
    assert list(await checker.check(seals)) == list(await check_here(seals)) == ANSWERS[: len(seals)]


async def test_several_may_ask_at_once(checker: Checker) -> None:
    await _running(checker)
    asked = [SEALS[at:] for at in range(5)]
    assert [list(one) for one in await asyncio.gather(*map(checker.check, asked))] == [ANSWERS[at:] for at in range(5)]


async def test_a_process_that_dies_is_done_without_and_replaced(checker: Checker) -> None:
    first = await _running(checker)
    os.kill(first, signal.SIGKILL)
    assert list(await checker.check(SEALS)) == ANSWERS
    assert await _running(checker) != first
    assert list(await checker.check(SEALS)) == ANSWERS


async def test_a_process_that_hangs_is_done_without_and_replaced(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await _running(checker)
    monkeypatch.setattr(checking, "_WITHIN_S", 0.05)
    os.kill(first, signal.SIGSTOP)
    assert list(await checker.check(SEALS)) == ANSWERS
    monkeypatch.undo()
    assert await _running(checker) != first


async def test_an_answer_that_nobody_waits_for_any_more_is_not_taken_for_the_next(checker: Checker) -> None:
    first = await _running(checker)
    os.kill(first, signal.SIGSTOP)
    asked = asyncio.create_task(checker.check(SEALS))
    await asyncio.sleep(0)
    asked.cancel()
    assert isinstance((await asyncio.gather(asked, return_exceptions=True))[0], asyncio.CancelledError)
    assert list(await checker.check(SEALS[::-1])) == ANSWERS[::-1]


async def test_it_ends_with_its_broker(checker: Checker) -> None:
    process = await _running(checker)
    await checker.close()
    assert not Path(f"/proc/{process}").exists()


def _alone() -> "subprocess.Popen[bytes]":
    command = (sys.executable, "-m", checking.__name__)
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def _request(seals: Sequence[Seal]) -> bytes:
    asked = pickle.dumps(seals)
    return struct.pack("!I", len(asked)) + asked


def test_it_ends_in_silence_where_its_broker_died_before_it_was_answered() -> None:
    with _alone() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(_request(SEALS))
        process.stdin.close()
        complaints = process.stderr.read()
    assert (process.returncode, complaints) == (0, b"")


@pytest.mark.parametrize("length", [0, 2, 4, 100])
def test_it_ends_in_silence_where_its_broker_died_asking(length: int) -> None:
    with _alone() as process:
        answers, complaints = process.communicate(_request(SEALS) + _request(SEALS)[:length])
    assert (process.returncode, answers, complaints) == (0, bytes([1, *ANSWERS]), b"")
