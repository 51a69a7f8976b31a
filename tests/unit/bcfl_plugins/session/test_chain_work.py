from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.session.chain_work import ChainBehind, ChainWork, JobBroke
from pallet_bridge.errors import ChainError, ChainTimeout, ChainUnavailable, TransactionLost
from pallet_bridge.errors.pallet import EscrowShort

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def queue() -> Iterator[ChainWork]:
    work = ChainWork("queue")
    yield work
    work.close()


def away() -> None:
    raise ChainUnavailable("ws://127.0.0.1:9", "refused")


def broke() -> None:
    raise EscrowShort("Bcfl", "EscrowShort")


def test_fail_runs_a_job_at_once_in_the_callers_thread() -> None:
    threads = []
    ChainWork("fail").do("looking", lambda: threads.append(threading.current_thread()))
    assert threads == [threading.current_thread()]


def test_fail_raises_what_the_job_raised() -> None:
    with pytest.raises(EscrowShort):
        ChainWork("fail").do("opening", broke)
    for act in (ChainWork("fail").reading, ChainWork("fail").sending):
        with pytest.raises(ChainUnavailable):
            act(away)


def test_queue_runs_jobs_in_order_beside_the_caller(queue: ChainWork) -> None:
    done: list[int] = []
    for number in range(50):
        queue.do(f"job {number}", lambda number=number: done.append(number))
    queue.drain(60)
    assert done == list(range(50))


def test_queue_raises_a_jobs_error_later_and_does_nothing_after_it(queue: ChainWork) -> None:
    done: list[str] = []
    queue.do("opening", broke)
    with pytest.raises(EscrowShort):
        queue.drain(60)
    with pytest.raises(EscrowShort):
        queue.do("settling", lambda: done.append("settled"))
    assert done == []


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyError("x"), MemoryError()])
def test_a_job_that_breaks_is_told_and_its_thread_does_not_end_in_silence(
    queue: ChainWork, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def job() -> None:
        raise error

    queue.do("settling round 3", job)
    with pytest.raises(JobBroke, match="settling round 3 broke") as raised:
        queue.drain(10)
    assert raised.value.__cause__ is error
    assert "settling round 3" in caplog.text
    with pytest.raises(JobBroke):
        queue.do("opening round 4", lambda: None)


def test_what_is_left_when_the_time_is_up_is_named(queue: ChainWork) -> None:
    release = threading.Event()
    queue.do("opening round 3", release.wait)
    queue.do("settling round 3", lambda: None)
    with pytest.raises(ChainBehind) as caught:
        queue.drain(0)
    assert caught.value.waiting == ("opening round 3", "settling round 3")
    assert isinstance(caught.value, TimeoutError)
    release.set()
    queue.drain(60)


def test_what_the_chain_said_last_is_told_when_the_time_is_up(queue: ChainWork) -> None:
    def read() -> None:
        raise ChainUnavailable("ws://there:1", "its chain lacks block 7")

    queue.do("opening round 3", lambda: queue.reading(read))
    with pytest.raises(ChainBehind, match="its chain lacks block 7") as caught:
        queue.drain(0.5)
    assert "lacks block 7" in caught.value.cause


class Slow(ChainWork):
    """Its chain does one job of each step, and then no more."""

    def __init__(self, done_in_steps: int) -> None:
        super().__init__("fail")
        self.left = [f"job {number}" for number in range(4)]
        self.moves = done_in_steps

    @property
    def waiting(self) -> tuple[str, ...]:
        return tuple(self.left)

    def drain(self, timeout: float) -> None:
        if self.moves:
            self.moves -= 1
            self.left.pop(0)
        if self.left:
            raise ChainBehind(self.waiting, timeout)


def test_a_chain_is_waited_for_as_long_as_it_gets_on() -> None:
    work = Slow(done_in_steps=4)
    work.drain_while_moving(7)
    assert work.left == []
    work = Slow(done_in_steps=2)
    with pytest.raises(ChainBehind, match=r"after 7 seconds .* job 2, then job 3"):
        work.drain_while_moving(7)


def test_a_chain_that_stands_is_given_one_step(queue: ChainWork) -> None:
    release = threading.Event()
    queue.do("opening round 5", release.wait)
    with pytest.raises(ChainBehind, match="opening round 5"):
        queue.drain_while_moving(0)
    release.set()


@pytest.mark.slow
def test_queue_reads_again_until_the_chain_is_back(queue: ChainWork) -> None:
    answers = iter([ChainUnavailable("ws://x", "refused"), 7])
    heard: list[int] = []

    def read() -> int:
        answer = next(answers)
        if isinstance(answer, ChainUnavailable):
            raise answer
        return answer

    queue.do("reading", lambda: heard.append(queue.reading(read)))
    queue.drain(60)
    assert heard == [7]


@pytest.mark.slow
def test_queue_sends_again_until_it_is_known_what_came_of_it(queue: ChainWork) -> None:
    answers = iter([TransactionLost(bytes(32), "dropped"), ChainTimeout("a block", 1.0), 7])
    heard: list[int] = []

    def send() -> int:
        answer = next(answers)
        if isinstance(answer, ChainError):
            raise answer
        return answer

    queue.do("sending", lambda: heard.append(queue.sending(send)))
    queue.drain(60)
    assert heard == [7]


def test_sending_ends_with_what_the_call_failed_with(queue: ChainWork) -> None:
    queue.do("sending", lambda: queue.sending(broke))
    with pytest.raises(EscrowShort):
        queue.drain(60)


@pytest.mark.slow
def test_sending_is_not_tried_again_after_its_time(queue: ChainWork) -> None:
    with pytest.raises(ChainUnavailable):
        queue.sending(away, timeout=0.5)


def test_closing_ends_a_job_that_waits_for_the_chain() -> None:
    work = ChainWork("queue")
    started = threading.Event()

    def read() -> None:
        started.set()
        away()

    work.do("reading", lambda: work.reading(read))
    assert started.wait(60)
    work.close()  # returns: the job does not wait any more
    with pytest.raises(ChainBehind):
        work.drain(0)
