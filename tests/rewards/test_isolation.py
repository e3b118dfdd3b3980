"""Who is guilty when a question about several molecules finds no answer."""

import pytest

from molgfn.rewards.isolation import PATIENCE, PROBES, Failure, Record, Unanswered, ask_each


class Oracle:
    """Squares numbers, all at once; refuses every question with a guilty number in it."""

    def __init__(self, *guilty: int) -> None:
        self.guilty = set(guilty)
        self.asked: list[list[int]] = []

    def __call__(self, keys: list[int]) -> dict[int, int]:
        self.asked.append(keys)
        if found := self.guilty & set(keys):
            raise Unanswered(f"dislikes {sorted(found)}")
        return {key: key**2 for key in keys}


@pytest.mark.parametrize(
    "guilty", [[], [0], [63], [17], [3, 4], [0, 31, 32, 63], range(0, 64, 3), range(1, 64, 2)]
)
def test_only_the_guilty_find_no_answer(guilty: list[int]) -> None:
    found = ask_each(range(64), Oracle(*guilty), Record())
    assert found == {
        key: Failure(f"dislikes {[key]}") if key in guilty else key**2 for key in range(64)
    }


def test_one_guilty_among_64_costs_some_12_questions_more() -> None:
    oracle = Oracle(40)
    ask_each(range(64), oracle, Record())
    assert len(oracle.asked) <= 17


def test_questions_without_trouble_are_asked_once() -> None:
    oracle = Oracle()
    ask_each(range(64), oracle, Record())
    assert oracle.asked == [list(range(64))]


def test_somebody_who_is_out_of_order_is_not_asked_about_everybody() -> None:
    oracle, record = Oracle(*range(64)), Record()
    found = ask_each(range(64), oracle, record)
    assert sum(len(asked) == 1 for asked in oracle.asked) == PATIENCE
    assert len(found) == 64
    assert "dislikes" in found[63].reason
    oracle.asked.clear()
    assert len(ask_each(range(64), oracle, record)) == 64
    assert len(oracle.asked) == 1 + PROBES


def test_an_answer_sets_right_who_was_out_of_order() -> None:
    record = Record(PATIENCE)
    found = ask_each(range(64), Oracle(0, 5, 63), record)
    assert [key for key in found if isinstance(found[key], Failure)] == [0, 5, 63]
    assert not record.is_out_of_order


def test_what_was_answered_before_the_trouble_is_kept_and_not_asked_again() -> None:
    asked = []

    def streaming(keys: list[int]) -> dict[int, int]:
        asked.append(keys)
        if 5 in keys:
            raise Unanswered("crashed", {key: key for key in keys if key < 5})
        return {key: key for key in keys}

    found = ask_each(range(10), streaming, Record())
    assert found == {**{key: key for key in range(10)}, 5: Failure("crashed")}
    assert sum(0 in keys for keys in asked) == 1


def test_nobody_is_asked_about_nothing() -> None:
    oracle = Oracle()
    assert ask_each([], oracle, Record()) == {}
    assert oracle.asked == []
