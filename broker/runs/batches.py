"""What comes while a batch is worked on makes the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Between = TypeVar("Between")
Answer = TypeVar("Answer")
_MANY = 8
"""So many at once, and the time is a busy one."""
Work = Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]]
"""Gets as many items as there are and answers each, with an exception where only that one is at fault."""


class Batches(Generic[Item, Answer]):
    """Each item is answered by `work`; a batch that `work` fails as a whole fails for each of its items."""

    def __init__(self, work: Work[Item, Answer], most: int) -> None:
        self._stage: _Stage[Item, Answer] = _Stage(work, most, _settle)

    async def answer(self, item: Item) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._stage.put(item, future)
        return await future

    async def end(self) -> None:
        """Wait until nothing is being worked on any more, though nobody may wait for an answer."""
        await self._stage.end()


class TwoSteps(Generic[Item, Between, Answer]):
    """What the first step makes of an item is the second's; each has batches of its own, and whoever asked sleeps until
    both are done.

    After many items have come at once, the next are gathered for up to `gather_s`: a batch costs as much as dozens of
    items, and those of a busy time are kept sooner if it isn't paid for each few of them.
    """

    def __init__(
        self, first: Work[Item, Between], second: Work[Between, Answer], most: int, gather_s: float = 0.0
    ) -> None:
        self._second: _Stage[Between, Answer] = _Stage(second, most, _settle)
        self._first: _Stage[Item, Between] = _Stage(first, most, self._second.put, gather_s)

    async def answer(self, item: Item) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._first.put(item, future)
        return await future

    async def end(self) -> None:
        """Wait until nothing is being worked on any more, though nobody may wait for an answer."""
        await self._first.end()
        await self._second.end()


class _Stage(Generic[Item, Answer]):
    """`done` is told each answer that is no exception, with the future of whoever asked."""

    def __init__(
        self,
        work: Work[Item, Answer],
        most: int,
        done: Callable[[Answer, "asyncio.Future[Any]"], None],
        gather_s: float = 0.0,
    ) -> None:
        self._work = work
        self._most = most
        self._done = done
        self._gather_s = gather_s
        self._waiting: list[tuple[Item, asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    def put(self, item: Item, asked: "asyncio.Future[Any]") -> None:
        self._waiting.append((item, asked))
        if self._task is None:
            self._task = asyncio.create_task(self._work_off())

    async def end(self) -> None:
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _work_off(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                began_s = loop.time()
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._one(batch)
                if len(batch) >= _MANY and (rest_s := began_s + self._gather_s - loop.time()) > 0.0:
                    await asyncio.sleep(rest_s)
        finally:
            self._task = None

    async def _one(self, batch: Sequence[tuple[Item, "asyncio.Future[Any]"]]) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001  (whoever waits for an answer gets it)
            answers = [error] * len(batch)
        for (_, asked), answer in zip(batch, answers, strict=True):
            if asked.done():
                continue
            if isinstance(answer, Exception):
                asked.set_exception(answer)
            else:
                self._done(answer, asked)


def _settle(answer: object, asked: "asyncio.Future[Any]") -> None:
    asked.set_result(answer)
