"""What a loss looks like, the same in every figure: a color, a marker, a dash and a name.

A color is a family of losses, a marker one loss of it, and strength a noise rate. Every color has
a contrast of at least 3 on the page's light and on its dark ground, and the colors of the paper's
losses stay apart for readers who see no red, no green or no blue (``tests/test_looks.py``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from memutils.errors import UserError
from memutils.names import LOSS_NAMES

INK = "#010203"
"""Text, axes and reference lines. In a page it becomes the color of the page's text."""

CROSS_ENTROPY, ROBUST_LOG, SQUARED, ABSOLUTE, NORMALIZED, BETWEEN, ASYMMETRIC = COLORS = (
    "#D55E00",
    "#0072B2",
    "#B469FF",
    "#00A5A5",
    "#965A78",
    "#78965A",
    "#873CF0",
)
"""The families' colors; the first two are Okabe and Ito's."""

MEMORIZED, RECOVERED, NEITHER = FATES = ("#CC79A7", "#009E73", "#7A7A7A")
"""What became of a wrong label, Okabe and Ito's too; the pages' scripts have them by theme."""

UNKNOWN = "#7A7A7A"
"""The color of losses that are not the package's."""

SOLID, DASHED, DOTTED, DASH_DOT, LONG, LOOSE = "-", "--", ":", "-.", (0, (8, 2)), (0, (4, 3, 1, 3))
OTHER_MARKERS = "Xd1234"


@dataclass(frozen=True)
class Look:
    """How a loss is drawn, in matplotlib's terms, and what it is called."""

    name: str
    color: str
    marker: str
    dash: str | tuple = SOLID

    @property
    def line(self) -> dict:
        """Color and dash, as ``Axes.plot`` takes them."""
        return {"color": self.color, "linestyle": self.dash}


FAMILIES = {
    CROSS_ENTROPY: {
        "cce": ("o", SOLID),
        "label-smoothing": ("p", DASHED),
        "shifted-ce": ("8", DOTTED),
        "eps-softmax": ("h", DASH_DOT),
        "logit-clip-cce": ("H", LONG),
    },
    ROBUST_LOG: {"rll": ("s", SOLID), "even-rll": ("D", DOTTED)},
    SQUARED: {"mse": ("^", DASHED), "even-mse": ("v", DOTTED)},
    ABSOLUTE: {
        "mae": ("D", DASH_DOT),
        "rce": ("d", DOTTED),
        "sce": (">", DASHED),
        "unhinged": ("<", SOLID),
    },
    NORMALIZED: {
        "nmse": ("v", DOTTED),
        "nce": ("P", SOLID),
        "nce-rce": ("*", DASHED),
        "nce-mae": ("X", DASH_DOT),
        "nce-agce": ("p", LONG),
    },
    BETWEEN: {
        "gce": ("P", DASHED),
        "symmetrized-gce": ("X", SOLID),
        "taylor-ce": ("h", DOTTED),
        "bi-tempered": ("8", DASH_DOT),
        "js": ("*", LONG),
    },
    ASYMMETRIC: {"agce": ("<", SOLID), "aul": (">", DASHED), "ael": ("v", DOTTED)},
}
"""Color, then loss, then its marker and dash."""

LOOKS = {
    loss: (color, marker, dash)
    for color, family in FAMILIES.items()
    for loss, (marker, dash) in family.items()
}


def look(loss: str) -> Look:
    """The look of a loss by its name in the registry; of a loss of one's own, gray crosses."""
    return looks([loss])[loss]


def looks(losses: Iterable[str]) -> dict[str, Look]:
    """The look of each loss of a figure, no two the same; losses of one's own are gray.

    Raises:
        UserError: more losses of one's own than there are markers for them.
    """
    losses = list(dict.fromkeys(losses))
    own = [loss for loss in losses if loss not in LOOKS]
    if len(own) > len(OTHER_MARKERS):
        raise UserError(
            f"A figure can tell {len(OTHER_MARKERS)} losses of your own apart, not {len(own)}; "
            "select fewer of them."
        )
    found = LOOKS | {o: (UNKNOWN, OTHER_MARKERS[i], LOOSE) for i, o in enumerate(own)}
    return {loss: Look(LOSS_NAMES[loss], *found[loss]) for loss in losses}


def opacity(eta: float, highest: float = 0.6) -> float:
    """How strongly a noise rate is drawn: 0.6 without noise, 1 at the highest rate or above.

    Opacity is lightness on any ground: on a light page a pale color, on a dark page a dim one. A
    line of less than 0.6 would vanish there, so ``thickness`` helps to tell noise rates apart.
    """
    return round(0.6 + 0.4 * min(1.0, eta / highest), 2)


def thickness(opacity: float) -> float:
    """The width of a line of that opacity, in pixels: 0.6 without noise, 1.4 at the highest."""
    return round(2 * opacity - 0.6, 2)
