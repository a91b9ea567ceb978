"""What a claim is: the paper's words, our reading, the rule, and which runs it compares."""

from collections.abc import Callable
from dataclasses import dataclass

PRIMARY, SUPPORTING, MATHEMATICS = "primary", "supporting", "mathematics"
ALL = ("resnet18", "inception-lite", "resnet32")
CIFAR = ("inception-lite", "resnet32")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One verdict of a claim, and the runs that each of its cells compares.

    Attributes:
        title: which of the claim's verdicts; '' where it has one.
        judge: the rule, of a case and the thresholds.
        losses: each is judged, in cells of its own.
        against: losses it is compared with, at the same noise rate and seed and in the same
            protocol.
        clean: whether with its own run on clean labels, too.
        low: only the low noise rates.
        across: whether one cell spans the noise rates.
        collapse_only: whether an underfitted run can tell.
        networks: the networks that the claim is about.
    """

    title: str = ""
    judge: Callable
    losses: tuple[str, ...]
    against: tuple[str, ...] = ()
    clean: bool = False
    low: bool = False
    across: bool = False
    collapse_only: bool = False
    networks: tuple[str, ...] = ALL


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim and how it is judged.

    Attributes:
        id, weight: of the claim.
        section, says: where the paper says it, and its own words ('' where the claim is ours).
        reading: in our words.
        rule, symbols: the rule in words and in symbols (TeX).
        shown_in: the book's notebooks that show its evidence.
        parts: its verdicts from cells.
        contrast: or the rule over seeds: of a pool, a column and the thresholds.
        networks: the columns that the contrast is judged on; each part names its own.
        prove: or its mathematics, checked.
        by_pairs: whether pairs of runs make the verdict of its cells, rather than seeds.
        beyond: networks for which the paper does not show it.
    """

    id: str
    weight: str = SUPPORTING
    section: str
    says: str = ""
    reading: str
    rule: str
    symbols: str = ""
    shown_in: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    contrast: Callable | None = None
    networks: tuple[str, ...] = ALL
    prove: Callable | None = None
    by_pairs: bool = False
    beyond: tuple[str, ...] = ()
