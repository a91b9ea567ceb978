"""Numbers and lists as sentences have them."""

import re
from collections.abc import Iterable, Sequence

NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(n: int) -> str:
    """'six' up to ten, then figures."""
    return NUMBERS[n] if n < len(NUMBERS) else f"{n:,}"


def counted(n: int, noun: str) -> str:
    """'one seed', 'three seeds', in words as a sentence has it; '12 seeds'."""
    return f"{in_words(n) if n else 'no'} {noun}{'' if n == 1 else 's'}"


def listed_with(parts: Sequence[str], notes: Sequence[str]) -> str:
    """'a (x) and b (y)', each part with its note; 'a and b (x)' where the notes are the same."""
    if len(set(notes)) == 1:
        return f"{listed(parts)} ({notes[0]})"
    return listed(f"{part} ({note})" for part, note in zip(parts, notes, strict=True))


def plural(n: int, noun: str) -> str:
    """'1 seed', '3 seeds', in figures as beside other figures."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def listed(parts: Iterable[str]) -> str:
    """'a', 'a and b' or 'a, b and c', of one part at least."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def span(values: Iterable[float], form: str) -> str:
    """'0.024 to 0.035', in the form '.3f', from the lowest to the highest; or one number where both
    read the same.
    """
    values = list(values)
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def range_of(values: Iterable[int]) -> str:
    """'5,000', or from the lowest to the highest '4,000 to 5,000'."""
    return span(values, ",")


def of_pairs(some: int, every: int) -> str:
    """'all 7 pairs', '5 of 7 pairs', 'the one pair', 'none of 7 pairs'."""
    if every == 1:
        return "the one pair" if some else "not one pair"
    return f"all {every} pairs" if some == every else f"{some or 'none'} of {every} pairs"


def percent(values: Sequence[float]) -> str:
    """'7 %', or of shares that differ in their rounded values '73 to 80 %'."""
    return f"{points(values)} %"


def points(values: Sequence[float]) -> str:
    """Shares, or differences of shares, in hundredths: '7', or '73 to 80'."""
    return span((round(100 * v, 0) + 0.0 for v in (min(values), max(values))), ".0f")  # no -0


def share(value: float) -> str:
    """'2 %', '41.5 %': a share with a decimal, where it has one."""
    return f"{f'{100 * value:.1f}'.removesuffix('.0')} %"


def exponent(value: float) -> str:
    """'2 × 10⁻¹⁵' for the reader; '0' for zero."""
    if not value:
        return "0"
    digits, power = f"{value:.0e}".split("e")
    return f"{digits} × 10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def typeset(text: str) -> str:
    """A text with minus signs before digits, but none before a zero, and each number on one line
    with its percent sign.
    """
    text = re.sub(r"(?<![\w.])-(?=0(?:\.0+)?(?!\.?\d))", "", text)
    return re.sub(r"(?<![\w.])-(?=\d)", "−", text).replace(" %", "\u00a0%")
