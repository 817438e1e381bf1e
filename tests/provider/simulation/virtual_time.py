"""Virtual time: processes that run one at a time, and a clock that jumps to whoever wakes next.

A process is a thread, so that the handler's code runs in it as it stands; only one runs at any moment, and which one is
next depends on nothing but the times they sleep to. The same seed therefore gives the same run, every time.
"""

from __future__ import annotations

import heapq
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

START = 1_790_000_000.0  # an arbitrary moment, in epoch seconds


class Killed(BaseException):
    """Raised in a process that is to end without doing anything more."""


class Process:
    """Something that happens beside other things; between two of its sleeps the world stands still."""

    def __init__(self, time: VirtualTime, work: Callable[[], object], group: object) -> None:
        self.group = group
        self.ended = Signal(time)
        self.killed = False
        self.frozen = False
        self.held = False  # woken while frozen
        self.wakes = 0  # a wake-up call that was overtaken by another carries an older number
        self._time = time
        self._work = work
        self._turn = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Have it run for the first time, at its turn."""
        self._thread.start()

    def take_turn(self) -> None:
        """Let it run until it sleeps or ends."""
        self._turn.release()

    def yield_turn(self) -> None:
        """Let others run until it is its turn again."""
        self._time.give_back()
        self._turn.acquire()
        if self.killed:
            raise Killed

    def _run(self) -> None:
        self._turn.acquire()
        try:
            if not self.killed:
                self._work()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001  # reported where the run was asked for
            self._time.failure = error
        self.ended.give()
        self._time.give_back()


class Signal:
    """Something to wait for."""

    def __init__(self, time: VirtualTime) -> None:
        self.given = False
        self._time = time
        self._waiting: list[tuple[Process, int]] = []

    def give(self) -> None:
        """Wake all who wait for it, now and for ever."""
        self.given = True
        for process, number in self._waiting:
            self._time.wake(process, number)
        self._waiting.clear()

    def wait(self, seconds: float) -> bool:
        """Wait for it, so many seconds at most; say whether it was given."""
        if not self.given:
            process = self._time.running
            self._waiting.append((process, process.wakes))
            self._time.sleep(seconds)
        return self.given


class VirtualTime:
    """The clock, and whose turn it is."""

    def __init__(self) -> None:
        self.now = START
        self.running: Process
        self.failure: BaseException | None = None
        self._turn = threading.Semaphore(0)
        self._queue: list[tuple[float, int, Process, int]] = []
        self._serial = 0
        self._processes: list[Process] = []

    def spawn(self, work: Callable[[], object], *, after: float = 0, group: object = None) -> Process:
        """Have something happen beside everything else."""
        process = Process(self, work, group)
        self._processes.append(process)
        process.start()
        self._schedule(self.now + after, process)
        return process

    def sleep(self, seconds: float) -> None:
        """Let the process that runs sleep."""
        process = self.running
        if process.killed:
            raise Killed
        process.wakes += 1
        until = self.now + max(seconds, 0)
        if not process.frozen and (not self._queue or self._queue[0][0] > until):
            self.now = until  # nobody else is up before
            return
        self._schedule(until, process)
        process.yield_turn()

    def wake(self, process: Process, number: int) -> None:
        """Wake a process that still sleeps the sleep with this number."""
        if process.wakes == number + 1:
            process.wakes += 1
            self._schedule(self.now, process)

    def kill(self, process: Process) -> None:
        """End a process where it stands."""
        process.killed = True
        if process is self.running:
            raise Killed
        if not process.ended.given:
            process.frozen = False
            process.wakes += 1
            self._schedule(self.now, process)

    def freeze(self, group: object) -> list[Process]:
        """Stop the processes of a group where they stand."""
        stopped = [each for each in self._processes if each.group is group and not each.ended.given]
        for process in stopped:
            process.frozen = True
        return stopped

    def thaw(self, process: Process) -> None:
        """Let a process go on; what it waited for meanwhile has happened."""
        process.frozen = False
        if process.held:
            process.held = False
            self._schedule(self.now, process)

    def run(self, work: Callable[[], object]) -> None:
        """Run a process and everything it starts until it ends; whatever sleeps then ends too.

        Raises:
            Exception: what ended one of the processes.
        """
        main = self.spawn(work)
        while not main.ended.given and self.failure is None:
            self._step()
        for process in self._processes:
            process.killed = True
            process.frozen = False
        for process in self._processes:
            if not process.ended.given:
                self.running = process
                process.take_turn()
                self._turn.acquire()
        if self.failure is not None:
            raise self.failure

    def give_back(self) -> None:
        """End the turn of the process that runs."""
        self._turn.release()

    def _step(self) -> None:
        at, _, process, number = heapq.heappop(self._queue)
        self.now = max(self.now, at)
        if process.ended.given or process.wakes != number:
            return
        if process.frozen:
            process.held = True
            return
        self.running = process
        process.take_turn()
        self._turn.acquire()
        if len(self._processes) > 64:
            self._processes = [each for each in self._processes if not each.ended.given]

    def _schedule(self, at: float, process: Process) -> None:
        self._serial += 1
        heapq.heappush(self._queue, (at, self._serial, process, process.wakes))
