"""Never more than nine requests of an operation within a second."""

from __future__ import annotations

from fuota_constructs.operations.request_limit import RequestLimit


class Clock:
    time = 100.0

    def __call__(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def test_waits_only_for_what_would_be_too_many() -> None:
    clock = Clock()
    limit = RequestLimit(clock=clock, sleep=clock.sleep)
    sent = []
    for _ in range(100):
        limit.wait_for("List")
        sent.append(clock())
        clock.sleep(0.01)
    assert sent[8] - sent[0] < 0.1
    assert all(sent[index + 9] - sent[index] >= 1.0 for index in range(91))


def test_operations_do_not_wait_for_each_other() -> None:
    clock = Clock()
    limit = RequestLimit(clock=clock, sleep=clock.sleep)
    for operation in ("Get", "List", "Start"):
        for _ in range(9):
            limit.wait_for(operation)
    assert clock() == 100.0
