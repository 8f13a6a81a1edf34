from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bench.account import Account, account, key_of


def test_every_input_once_is_balanced() -> None:
    found = account(3, [key_of(2), key_of(0), key_of(1)])
    assert found == Account(3, 3, 0, 0, 0)
    assert found.balanced


def test_each_kind_of_difference_is_counted_by_itself() -> None:
    found = account(5, [b"0", b"1", b"1", b"1", b"x", None, None, b"5"])
    assert found == Account(5, 8, 3, 2, 4)
    assert not found.balanced


def test_a_repeat_alone_unbalances() -> None:
    assert not account(2, [b"0", b"1", b"1"]).balanced


def test_a_repeat_does_not_make_up_for_a_loss() -> None:
    assert not account(2, [b"0", b"0"]).balanced


def test_an_unknown_output_does_not_either() -> None:
    assert not account(2, [b"0", b"2"]).balanced


@given(st.integers(min_value=1, max_value=50), st.lists(st.integers(min_value=0, max_value=60)))
def test_outputs_are_inputs_less_the_lost_and_more_the_others(inputs: int, numbers: list[int]) -> None:
    found = account(inputs, map(key_of, numbers))
    assert found.outputs == len(numbers) == inputs - found.lost + found.duplicates + found.unknown
    assert found.balanced == (Counter(numbers) == Counter(range(inputs)))
