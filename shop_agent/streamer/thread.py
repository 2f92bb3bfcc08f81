"""The thread that owns a machine: one job at a time, and a look at the machine between them."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from drivers.errors import DriverError
from shop_agent.streamer.wire import Start, StartAnswer
from shop_agent.streamer.worker import Unable, Worker

LOOK_S = 0.5

T = TypeVar("T")


class WorkerThread:
    """Its public methods may be called from any thread; jobs run in its own."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="machine")
        self.failure: Exception | None = None
        """What ended it, if it wasn't `finish`."""

    def begin(self) -> None:
        self.worker.begin()
        self._thread.start()

    def finish(self) -> None:
        """End the thread once its job is done, and give the port back."""
        self._jobs.put(None)
        self._thread.join()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Raises Unable at once if a run is under way; what the job raises is in the future."""
        if self.worker.execution is not None:
            raise Unable("a run is under way")
        done: Future[T] = Future()

        def work() -> None:
            if not done.set_running_or_notify_cancel():
                return  # whoever asked waits no more
            try:
                done.set_result(job())
            except (Unable, DriverError) as error:
                done.set_exception(error)

        self._jobs.put(work)
        return done

    def start(self, order: Start) -> Future[StartAnswer]:
        """Answered once the start is committed or refused for good; the run goes on in this thread."""
        answer: Future[StartAnswer] = Future()
        self._jobs.put(lambda: self.worker.start(order, answer.set_result))
        return answer

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - whoever serves raises it, and the process ends
            self.failure = error

    def _work(self) -> None:
        self.worker.look()
        while True:
            try:
                job = self._jobs.get(timeout=LOOK_S)
            except queue.Empty:
                self.worker.look()
                continue
            if job is None:
                break
            job()
            self.worker.look()
        self.worker.end()
