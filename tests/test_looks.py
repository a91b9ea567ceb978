"""The looks of the losses: none twice, each readable on both grounds and by color-blind readers."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from chapter import other_looks
from hypothesis import given
from hypothesis import strategies as st

from memutils import losses
from memutils.errors import UserError
from memutils.report import looks

GROUNDS = ("#ffffff", "#121212")
"""The pages' colors by the theme, light and dark."""

VISION = {  # Machado, Oliveira and Fernandes 2009, severity 1: what linear RGB becomes
    "all colors": np.eye(3),
    "no red": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "no green": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "no blue": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}
LMS = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
LAB = [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]
"""OKLab, Ottosson 2020."""


def linear(color: str) -> np.ndarray:
    """Linear RGB in [0, 1] of '#rrggbb'."""
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """WCAG's contrast of two colors, 1 to 21."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (a, b))
    return high / low


def distance(a: str, b: str, vision: str) -> float:
    """How far apart two colors are in OKLab; black and white are 1 apart."""
    seen = [np.clip(VISION[vision] @ linear(c), 0, 1) for c in (a, b)]
    return float(np.linalg.norm(np.subtract(*(LAB @ np.cbrt(LMS @ c) for c in seen))))


def test_the_contrast_is_wcags():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert distance("#000000", "#ffffff", "all colors") == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("color", [*looks.COLORS, *looks.FATES, looks.UNKNOWN])
def test_every_color_is_seen_on_light_and_on_dark(color, ground):
    assert contrast(color, ground) >= 3


@pytest.mark.parametrize("vision", VISION)
def test_color_blind_readers_tell_the_papers_losses_apart_by_color_alone(vision):
    colors = {looks.look(loss).color for loss in losses.PAPER}
    assert len(colors) == len(losses.PAPER)
    assert min(distance(a, b, vision) for a, b in combinations(colors, 2)) > 0.08


def test_every_loss_of_the_package_has_a_look_of_its_own():
    assert losses.OWN.keys() <= looks.LOOKS.keys()
    found = looks.looks(looks.LOOKS).values()
    assert len({(x.color, x.marker) for x in found}) == len(looks.LOOKS)
    for family in looks.FAMILIES.values():
        assert len({dash for _, dash in family.values()}) == len(family)


@given(st.lists(st.sampled_from([*looks.LOOKS, "own", "focal", "mine"])))
def test_a_loss_looks_the_same_whatever_else_is_drawn(names):
    found = looks.looks(names)
    assert all(found[n] == looks.look(n) for n in names if n in looks.LOOKS)
    assert len({(x.color, x.marker) for x in found.values()}) == len(set(names))


def test_too_many_losses_of_ones_own_are_refused():
    with pytest.raises(UserError, match="not 7; select fewer"):
        looks.looks(f"own{i}" for i in range(7))


def test_a_line_that_looks_like_another_loss_is_seen():
    cce, rll = looks.look("cce"), looks.look("rll")
    figure, axis = plt.subplots()
    for name, drawn in (("CCE", cce), ("RLL", rll), ("oracle", cce), ("_", rll)):
        axis.plot([0, 1], color=drawn.color, marker=drawn.marker, label=name)
    axis.plot([0, 1], color=cce.color, label="CCE")
    assert other_looks(figure) == []
    axis.plot([0, 1], color=cce.color, label="RLL")
    axis.plot([0, 1], color=cce.color, marker=rll.marker, label="CCE")
    assert other_looks(figure) == ["RLL", "CCE"]


@given(st.lists(st.floats(0, 0.6), min_size=2, unique=True))
def test_more_noise_is_drawn_more_strongly(etas):
    drawn = [looks.opacity(eta) for eta in sorted(etas)]
    assert drawn == sorted(drawn) and 0.6 <= min(drawn) and max(drawn) <= 1
    assert looks.opacity(0.9) == looks.opacity(0.6) == 1
    thick = [looks.thickness(opacity) for opacity in drawn]
    assert thick == sorted(thick) and looks.thickness(1) > 2 * looks.thickness(0.6) > 1


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("loss", losses.PAPER)
def test_the_palest_line_is_seen_on_both_grounds(loss, ground):
    alpha, color = looks.opacity(0), looks.look(loss).color
    parts = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (color, ground))
    mixed = [round(alpha * c + (1 - alpha) * g) for c, g in zip(*parts, strict=True)]
    assert contrast("#{:02x}{:02x}{:02x}".format(*mixed), ground) > 1.6
