"""Numbers and lists as sentences have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memutils import words

PARTS = st.lists(st.text("ab", min_size=1), min_size=1, max_size=5)
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=5)


@given(PARTS)
def test_a_list_names_every_part_once_and_in_order(parts):
    text = words.listed(parts)
    assert text.replace(" and ", ", ").split(", ") == parts
    assert text.count(" and ") == (len(parts) > 1)


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_a_range_goes_from_the_lowest_to_the_highest(values):
    ends = [int(end.replace(",", "")) for end in words.range_of(values).split(" to ")]
    assert (ends[0], ends[-1]) == (min(values), max(values)) and len(ends) == len({*ends})


@given(SHARES)
def test_a_percentage_is_the_range_of_the_rounded_values(values):
    ends = [int(end) for end in words.percent(values).removesuffix(" %").split(" to ")]
    assert len(ends) == len({*ends})
    for told, value in ((ends[0], min(values)), (ends[-1], max(values))):
        assert abs(told - 100 * value) <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("n", "word", "figure"),
    [(0, "no seeds", "0 seeds"), (1, "one seed", "1 seed"), (3, "three seeds", "3 seeds"),
     (10, "ten seeds", "10 seeds"), (1200, "1,200 seeds", "1,200 seeds")],
)  # fmt: skip
def test_one_is_no_plural(n, word, figure):
    assert words.counted(n, "seed") == word and words.plural(n, "seed") == figure


@given(st.integers(1, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_pairs_are_counted_in_the_number_that_they_have(counts):
    some, every = counts
    text = words.of_pairs(some, every)
    assert text.endswith("pair" if every == 1 else "pairs")
    named = {0: "no", every: "the one" if every == 1 else "all"}.get(some, str(some))
    assert text.startswith(named)


def test_only_a_number_has_a_minus_sign_and_stays_with_its_percent_sign():
    assert words.typeset("-0.00 to -0.01; -0, -0.0.") == "0.00 to −0.01; 0, 0.0."
    assert words.typeset("ResNet-18: -0.5, 1e-5; 7 %") == "ResNet-18: −0.5, 1e-5; 7\u00a0%"
    assert words.typeset("from -0.00 to -0.01, not -0.") == "from 0.00 to −0.01, not 0."


def test_a_note_that_stands_beside_every_part_is_said_once():
    assert words.listed_with(["a", "b", "c"], ["x", "x", "x"]) == "a, b and c (x)"
    assert words.listed_with(["a", "b"], ["x", "y"]) == "a (x) and b (y)"
    assert words.listed_with(["a"], ["x"]) == "a (x)"


def test_a_span_is_one_number_where_both_ends_read_the_same():
    assert words.span([0.0351, 0.024, 0.03], ".3f") == "0.024 to 0.035"
    assert words.span([0.0241, 0.0239], ".3f") == "0.024"
