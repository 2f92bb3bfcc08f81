"""Work in batches: each item is answered, and what fails fails for whom it must."""

import asyncio
from collections.abc import Sequence

import pytest

from broker.runs.batches import TwoSteps


class _Work:
    """Doubles what isn't negative, then adds one; remembers its batches."""

    def __init__(self) -> None:
        self.first: list[list[int]] = []
        self.second: list[list[int]] = []

    async def double(self, items: Sequence[int]) -> list[int | Exception]:
        self.first.append(list(items))
        await asyncio.sleep(0)
        return [2 * item if item >= 0 else ValueError(f"{item} is negative") for item in items]

    async def add_one(self, items: Sequence[int]) -> list[int | Exception]:
        self.second.append(list(items))
        if 26 in items:
            raise RuntimeError("thirteen")
        return [item + 1 for item in items]


async def test_each_is_answered_after_both_steps_and_in_few_batches() -> None:
    work = _Work()
    steps = TwoSteps(work.double, work.add_one, most=10)
    assert await asyncio.gather(*map(steps.answer, range(12))) == [2 * number + 1 for number in range(12)]
    assert [len(batch) for batch in work.first] == [10, 2]


async def test_what_the_first_step_refuses_never_comes_to_the_second() -> None:
    work = _Work()
    steps = TwoSteps(work.double, work.add_one, most=10)
    refused, answered = await asyncio.gather(steps.answer(-1), steps.answer(4), return_exceptions=True)
    assert (str(refused), answered) == ("-1 is negative", 9)
    assert work.second == [[8]]


async def test_a_batch_that_fails_fails_for_each_of_it_and_the_next_goes_on() -> None:
    work = _Work()
    steps = TwoSteps(work.double, work.add_one, most=10)
    failed = await asyncio.gather(steps.answer(13), steps.answer(1), return_exceptions=True)
    assert [str(one) for one in failed] == ["thirteen", "thirteen"]
    assert await steps.answer(1) == 3


async def test_whoever_no_longer_waits_is_left_out() -> None:
    work = _Work()
    steps = TwoSteps(work.double, work.add_one, most=10)
    gone, stays = asyncio.create_task(steps.answer(1)), asyncio.create_task(steps.answer(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 5
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert work.second == [[4]]


async def test_the_end_is_when_all_is_done_though_nobody_waits_for_it() -> None:
    work = _Work()
    steps = TwoSteps(work.double, work.add_one, most=2)
    asked = [asyncio.create_task(steps.answer(number)) for number in range(5)]
    await asyncio.sleep(0)
    for task in asked:
        task.cancel()
    await steps.end()
    assert [number for batch in work.first for number in batch] == list(range(5))
    await steps.end()


async def test_after_many_the_next_are_gathered() -> None:
    work = _Work()
    steps = TwoSteps(work.double, work.add_one, most=10, gather_s=0.05)
    many = [asyncio.create_task(steps.answer(number)) for number in range(10)]
    await asyncio.gather(*many)
    late = []
    for number in range(5):
        late.append(asyncio.create_task(steps.answer(number)))
        await asyncio.sleep(0)
    await asyncio.gather(*late)
    assert [len(batch) for batch in work.first] == [10, 5]
