"""What is planted for each claim: truths on both sides of its threshold,
idle networks and mixtures.
"""

from collections.abc import Callable

from effects import (
    CLEAR,
    ahead,
    as_accurate,
    close_drop,
    drop_of,
    flips,
    less_memorized,
    like_rll,
    memorizes,
    more_accurate,
    near_clean,
    order,
    risks,
    saturates,
    true_above,
    true_below,
)
from grids import IDLE, LIMITS, N, Planted, Truth, se


def sided(
    claim: str,
    part: str,
    at: Callable[[float, float], dict[str, Truth]],
    clear: float,
    flip: bool = False,
    **settings,
) -> list[Planted]:
    """Truths at the threshold and one SE to each side, and clearly to each side; ``at`` gives a
    grid from the noise rate and the distance from the threshold in SE, where positive is on the
    side that holds."""
    names = {
        clear: ("clearly true", "holds"),
        1.0: ("one SE above the threshold", "holds"),
        -1.0: ("one SE below the threshold", "fails"),
        -clear: ("clearly false", "fails"),
    }
    found = [
        Planted(claim, part, name, word, lambda eta, seed, d=d: at(eta, d), **settings)
        for d, (name, word) in names.items()
    ]
    mixed = Planted(
        claim,
        part,
        "true in two seeds of three",
        "2 of 3 seeds",
        lambda eta, s: at(eta, clear if s else -clear),
        **settings,
    )
    return [*found, mixed]


def idle(
    claim: str,
    part: str,
    at: Callable[[float, float], dict[str, Truth]],
    clear: float,
    who: str,
    **settings,
) -> Planted:
    """The grid that is clearly true, with an idle network in the place of one loss."""
    return Planted(
        claim,
        part,
        f"{who} is idle",
        "not tested",
        lambda eta, seed: at(eta, clear) | {who: IDLE},
        **settings,
    )


def of_p0() -> list[Planted]:
    found = []
    for other in ("cce", "mse"):
        for part, at in (
            (f"m below {other.upper()}'s", less_memorized(other)),
            (f"test accuracy above {other.upper()}'s", more_accurate(other)),
        ):
            found += sided("P0", part, at, CLEAR)
            same = Planted(
                "P0",
                part,
                "no difference",
                "fails",
                lambda eta, seed, at=at: at(eta, -LIMITS.deviations),
            )
            found += [same, idle("P0", part, at, CLEAR, "rll")]
    return found


def of_levels() -> list[Planted]:
    found = []
    for claim, loss, column in (
        ("C1", "cce", "resnet32"),
        ("C2", "mse", "resnet32"),
        ("C4", "cce", "resnet18"),
    ):
        found += sided(claim, "", memorizes(loss), CLEAR / 2, column=column)
        found.append(idle(claim, "", memorizes(loss), CLEAR / 2, loss, column=column))
    rules = (
        ("C6", "rll", drop_of("rll", LIMITS.drop_share)),
        ("C7", "rll", close_drop),
        ("C8", "cce", true_below),
        ("C9", "rll", true_above("rll")),
        ("C12", "rll", near_clean),
        ("C16", "rll", as_accurate),
    )
    for claim, loss, at in rules:
        found += sided(claim, "", at, CLEAR / 2)
        found += [idle(claim, "", at, CLEAR / 2, loss)] if claim != "C8" else []
    both = {"cce": IDLE, "mse": IDLE}
    found.append(Planted("C8", "", "cce and mse are idle", "not tested", lambda eta, seed: both))
    for part, at in (("J1 below 100 %", saturates), ("like RLL", like_rll)):
        found += [*sided("C13", part, at, CLEAR / 2), idle("C13", part, at, CLEAR / 2, "nmse")]
    found += [
        *sided("C17", "", drop_of("mae", LIMITS.drop_share), CLEAR / 2),
        idle("C17", "", true_above("mae"), CLEAR, "mae"),
    ]
    return found


def of_high() -> list[Planted]:
    def at(gap):
        return lambda eta, seed: {"cce": Truth(), "mse": Truth(m=1 - gap / eta, r=0.0)}

    step = se(0.98, 0, N)
    truths = (
        ("clearly true", "holds", 0.1),
        ("one SE above the threshold", "holds", LIMITS.below_cce + step),
        ("one SE below the threshold", "fails", LIMITS.below_cce - step),
        ("clearly false", "fails", 0.0),
    )
    found = [
        Planted("C5", "", name, word, at(gap), column="resnet18") for name, word, gap in truths
    ]
    return [
        *found,
        Planted(
            "C5",
            "",
            "mse is idle",
            "not tested",
            lambda eta, s: {"cce": Truth(), "mse": IDLE},
            column="resnet18",
        ),
    ]


def of_paths() -> list[Planted]:
    late = {
        "C3": (
            ("clearly true", "holds", order(6, 10, 14)),
            ("one epoch apart", "holds", order(8, 9, 10)),
            ("at the same epoch", "fails", order(9, 9, 9)),
            ("the wrong way round", "fails", order(14, 10, 6)),
        )
    }
    late["C10"] = (
        ("r ahead throughout", "holds", ahead(0)),
        ("m ahead in one epoch of 25", "open", ahead(1)),
        ("m ahead in two epochs of 25", "fails", ahead(2)),
        ("m ahead in half of the epochs", "fails", ahead(12)),
    )
    late["C11"] = (
        ("crosses over after ten epochs", "holds", flips(10)),
        ("after three epochs", "holds", flips(3)),
        ("after two epochs", "fails", flips(2)),
        ("never led", "fails", flips(0)),
    )
    late["E1"] = (
        ("CCE has the lower risk", "fails", risks(0.3)),
        ("RLL has the lower risk", "holds", risks(-0.3)),
        ("the same risk", "either", risks(0.0)),
    )
    found = [
        Planted(claim, "", name, word, runs)
        for claim, rows in late.items()
        for name, word, runs in rows
    ]
    return [*found, Planted("C10", "", "rll is idle", "not tested", lambda eta, s: {"rll": IDLE})]


def every() -> list[Planted]:
    """All that is planted, in the claims' order."""
    found = [*of_p0(), *of_levels(), *of_high(), *of_paths()]
    order = {f"C{i}": i for i in range(1, 18)} | {"P0": 0, "E1": 18}
    return sorted(found, key=lambda planted: order[planted.claim])
