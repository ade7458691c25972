from dataclasses import dataclass

import pytest

from libs.common.errors import TransientError
from libs.strategy.sandbox.host.dispatch import Allowance
from libs.strategy.sandbox.host.fair import QUICK_S, REMEMBERED_S, FairQueue, Paces


@dataclass(frozen=True)
class Item:
    caller: str
    number: int


def everybody(caller: str) -> bool:
    return True


def queue_of(limit: int, *callers: str) -> FairQueue[Item]:
    queue: FairQueue[Item] = FairQueue(limit)
    for number, caller in enumerate(callers):
        queue.put(Item(caller, number))
    return queue


def taken(queue: FairQueue[Item]) -> str:
    items = []
    while (item := queue.take(everybody)) is not None:
        items.append(f"{item.caller}{item.number}")
    return " ".join(items)


def test_queue_with_one_busy_caller_takes_turns() -> None:
    assert taken(queue_of(20, "a", "a", "a", "b", "c", "a")) == "a0 b3 c4 a1 a2 a5"


def test_queue_gives_a_served_caller_the_last_place() -> None:
    queue = queue_of(20, "a", "a", "b")
    queue.take(everybody)
    queue.put(Item("c", 9))
    assert taken(queue) == "b2 a1 c9"


def test_queue_at_its_bound_refuses_and_names_it() -> None:
    queue = queue_of(4, "a", "a", "b", "c")
    with pytest.raises(TransientError, match=r"4 .* the bound is 4") as caught:
        queue.put(Item("d", 9))
    assert caught.value.code == "sandbox.busy"
    assert len(queue) == 4


def test_queue_refuses_a_caller_who_holds_half_of_it() -> None:
    queue = queue_of(4, "a", "a")
    with pytest.raises(TransientError, match="2 of 4"):
        queue.put(Item("a", 9))
    queue.put(Item("b", 9))


def test_queue_puts_a_job_back_before_all_others_beyond_the_bound() -> None:
    queue = queue_of(2, "a", "b")
    first = queue.take(everybody)
    queue.put(Item("c", 5))
    assert first is not None
    queue.put_back(first)
    assert len(queue) == 3
    assert taken(queue) == "a0 b1 c5"


def test_queue_forgets_a_removed_job() -> None:
    queue = queue_of(9, "a", "a", "b")
    assert queue.remove(Item("a", 0))
    assert not queue.remove(Item("a", 0))
    assert not queue.remove(Item("z", 0))
    assert (len(queue), taken(queue)) == (2, "a1 b2")


def test_queue_passes_over_callers_who_may_not_begin() -> None:
    queue = queue_of(9, "a", "b")
    assert queue.has(lambda caller: caller == "b")
    assert queue.take(lambda caller: caller == "c") is None
    assert queue.take(lambda caller: caller == "b") == Item("b", 1)
    assert not queue.has(lambda caller: caller == "b")


def test_pace_of_a_quick_caller_survives_one_slow_job_and_not_a_bomb() -> None:
    paces = Paces()
    assert not paces.is_quick("a")
    paces.note("a", 0.01, now=0)
    paces.note("a", 1.0, now=1)
    assert paces.is_quick("a")
    paces.note("a", 30.0, now=31)
    assert not paces.is_quick("a")


def test_pace_names_the_quick_callers_of_the_last_minute() -> None:
    paces = Paces()
    for number, caller in enumerate("abcd"):
        paces.note(caller, 0.01, now=number)
    paces.note("bomb", QUICK_S, now=4)
    assert paces.lately_quick(5) == ("d", "c")
    assert paces.lately_quick(REMEMBERED_S + 2.5) == ("d",)
    assert paces.lately_quick(REMEMBERED_S + 5) == ()


def test_pace_remembers_a_bounded_number_of_callers() -> None:
    paces = Paces()
    for number in range(5_000):
        paces.note(str(number), 0.01, now=0)
    assert paces.is_quick("4999")
    assert not paces.is_quick("0")


def test_allowance_without_room_is_for_quick_callers_and_those_alone() -> None:
    paces = Paces()
    assert Allowance(paces, False, paces.lately_quick(0))("bomb")
    paces.note("agent", 0.01, now=0)
    closed, opened = (Allowance(paces, room, paces.lately_quick(1)) for room in (False, True))
    assert closed("agent")
    assert not closed("bomb")
    assert opened("bomb")
