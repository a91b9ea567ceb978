"""Figures as pages show them: SVG at the width at which it is read, in light and in dark.

A page holds a figure twice, drawn for a desktop's column and for a phone's, and its style sheet
shows one (``book/_static/custom.css``). Text stays text in the page's font, and ink is the page's
own color, so that a figure follows the theme. Where no page is, as in a PDF made by LaTeX, the
output has a PNG of the wide one. One unit of the SVG is one pixel: a font of size 11 is 11 px high.

A figure is drawn by a function ``draw(*given, width)`` that returns a matplotlib figure ``width``
pixels wide (``canvas`` makes one); ``show(draw, *given, alt=...)`` is a notebook's cell.
"""

import base64
import io
import re
from collections.abc import Callable, Iterable, Mapping
from html import escape

import matplotlib as mpl
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from memutils.report.looks import INK
from memutils.report.markup import Safe

WIDE, NARROW = 680, 342
"""Widths in pixels of a page's column: in a window of 1280 pixels, and on a phone of 390."""

UNIT = 72
"""Pixels per inch of matplotlib's SVG."""

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "figure",
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "grid.color"), INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("axes.facecolor", "figure.facecolor", "savefig.facecolor"), "none"),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.14,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.markersize": 6,
    "lines.linewidth": 1.5,
}
SIZES = {WIDE: 12.0, NARROW: 10.5}
"""Text, in pixels; on the narrowest phones a figure shrinks by a tenth."""

FILE_STYLE = (
    "svg { color: #1f2328; font-family: system-ui, sans-serif } text { fill: currentColor } "
    "@media (prefers-color-scheme: dark) { svg { color: #e6edf3 } }"
)
"""For a figure that is a file: ink on GitHub's light and dark ground."""

NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


def is_narrow(width: float) -> bool:
    """Whether a figure of this width is a phone's: one column of panels."""
    return width < 500


def style(width: float) -> dict:
    """matplotlib's settings for a figure of this width."""
    size = SIZES[NARROW if is_narrow(width) else WIDE]
    sizes = ("axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize")
    return STYLE | dict.fromkeys(("font.size", "legend.fontsize", *sizes), size)


def canvas(width: float, height: float, rows: int = 1, columns: int = 1, **settings) -> tuple:
    """A figure of that many pixels and its axes, a 2-D array (rows, columns)."""
    return plt.subplots(
        rows,
        columns,
        figsize=(width / UNIT, height / UNIT),
        squeeze=False,
        layout="constrained",
        **settings,
    )


def panels(
    width: float, count: int = 2, height: float = 290, across: int = 0, below: float = 0, **settings
) -> tuple:
    """A figure with that many panels, ``across`` in a row (0: all), on a phone one below the other;
    axes (count,).

    Args:
        height: of a row of panels, in pixels.
        below: of what is below all rows, in pixels.
    """
    across = 1 if is_narrow(width) else across or count
    rows = -(-count // across)
    figure, axes = canvas(width, height * rows + below, rows, across, **settings)
    for axis in axes.flat[count:]:
        axis.set_visible(False)
    return figure, axes.ravel()[:count]


def legend(
    figure: plt.Figure,
    axes: Iterable[plt.Axes] = (),
    also: Mapping[str, dict] | None = None,
    place: str = "lower center",
    **settings,
) -> None:
    """Names each line of any of the axes once, below the figure, and ``also`` these: the style of
    a line by its name, in ink where it has no color.
    """
    lines = {}
    for axis in axes:
        lines |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    for name, style in (also or {}).items():
        lines[name] = plt.Line2D([], [], **{"color": INK} | style)
    figure.legend(lines.values(), lines.keys(), loc=f"outside {place}", **settings)


def row_title(axis: plt.Axes, y: float, text: str) -> None:
    """Titles rows of an axis: bold, at the height y of its data, from the figure's left edge on."""
    place = blended_transform_factory(axis.figure.transFigure, axis.transData)
    axis.text(0.005, y, text, transform=place, va="center", in_layout=False, weight="bold")


def label_first(axis: plt.Axes, label: str) -> None:
    """Names the y axis of a panel of the first column, for all of its row."""
    axis.set_ylabel(label if axis.get_subplotspec().is_first_col() else "")


def whole_ticks(axis: plt.Axes, most: int = 6) -> None:
    """Ticks of the x axis at whole numbers, for there is no epoch 2.5; ``most`` steps of them."""
    axis.xaxis.set_major_locator(MaxNLocator(most, integer=True, steps=[1, 2, 2.5, 5, 10]))


def svg(figure: plt.Figure, alt: str, prefix: str) -> Safe:
    """A matplotlib figure as an element of a page; the figure is closed.

    Args:
        figure: drawn under ``style``.
        alt: what to see, for readers who cannot.
        prefix: makes its ids differ from those of other figures of the page.
    """
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=NO_METADATA)
    plt.close(figure)
    text = re.sub(r"^.*?(?=<svg )|<defs>\s*<style.*?</defs>", "", file.getvalue(), flags=re.S)
    width, height = (float(n) for n in re.search(r'viewBox="0 0 (\S+) (\S+)"', text).groups())
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text, count=2)
    text = slim(page_font(text)).replace(INK, "currentColor")
    return Safe(opened(own_ids(text, prefix).strip(), alt, width, height))


def opened(text: str, alt: str, width: float, height: float) -> str:
    """SVG whose first element has a description and a size in pixels."""
    head = f'<svg role="img" aria-label="{escape(alt)}" width="{width:g}" height="{height:g}" '
    return head + text.removeprefix("<svg ")


def page_font(text: str) -> str:
    """SVG whose text has sizes, weights and slopes, and no family: that is the page's.

    matplotlib writes a family of its own, before 3.11 in one word with the size.
    """
    text = re.sub(r"font: ((?:\w+ )*)([\d.]+px) [^;\"]*", whole_font, text)
    return re.sub(r" ?font-family: [^;\"]*;?", "", text)


def whole_font(found: re.Match) -> str:
    """CSS's short form of a font in its parts."""
    words = found[1].split()
    slope = [f"font-style: {w}" for w in words if w in ("italic", "oblique")]
    weight = [f"font-weight: {w}" for w in words if w == "bold" or w.isdigit()]
    return "; ".join([f"font-size: {found[2]}", *weight, *slope])


def slim(text: str) -> str:
    """SVG with coordinates to a hundredth of a pixel, and a style once for all marks of a line."""
    text = re.sub(r"<[^>]*>", rounded, text)  # in tags only: what a figure says stays as it is
    return re.sub(r'<g ([^>]*)>((?:\s*<use [^>]* style="[^"]*"/>)+)\s*</g>', style_once, text)


def rounded(tag: re.Match) -> str:
    """A tag with coordinates to a hundredth of a pixel."""
    return re.sub(r"(?<=[ \"(])-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", tag[0])


def style_once(found: re.Match) -> str:
    """A group of marks that has their style, where it is the same for all."""
    styles = set(re.findall(r' style="[^"]*"', found[2]))
    if len(styles) > 1:
        return found[0]
    (style,) = styles
    marks = re.sub(r"\s*<use", "<use", found[2].replace(style, ""))
    return f"<g {found[1]}{style}>{marks}</g>"


def own_ids(text: str, prefix: str) -> str:
    """SVG whose ids begin with the prefix; those that nothing refers to are left out."""
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    text = re.sub(r'((?:href="|url\()#)', rf"\g<1>{prefix}-", text)
    return re.sub(r' id="([^"]*)"', lambda m: f' id="{prefix}-{m[1]}"' * (m[1] in used), text)


def html(draw: Callable[..., plt.Figure], *given, alt: str, name: str = "figure") -> Safe:
    """A figure at both widths; a page's style sheet shows one of them,
    and without it the wide one is seen.
    """
    return drawn(draw, *given, alt=alt, name=name)[0]


def drawn(draw: Callable[..., plt.Figure], *given, alt: str, name: str) -> tuple[Safe, plt.Figure]:
    """A figure at both widths, as ``html``, and the wide one itself."""
    parts, made = [], []
    for kind, width, hidden in (("wide", WIDE, ""), ("narrow", NARROW, ' style="display: none"')):
        with mpl.rc_context(style(width)):
            made.append(draw(*given, width=width))
            text = svg(made[-1], alt, f"{name}-{kind}")
        parts.append(f'<div class="drawn-{kind}"{hidden}>{text}</div>')
    return Safe(f'<div class="drawn">{"".join(parts)}</div>'), made[0]


def file(draw: Callable[..., plt.Figure], *given, alt: str) -> str:
    """The wide figure as an SVG file of its own, which follows its reader's theme."""
    with mpl.rc_context(style(WIDE)):
        text = svg(draw(*given, width=WIDE), alt, "figure")
    return text.replace(">", f">\n <style>{FILE_STYLE}</style>", 1)


def png(figure: plt.Figure) -> bytes:
    """A wide figure as a picture on white, twice as many pixels as its width."""
    file, settings = io.BytesIO(), {"facecolor": "white", "metadata": {"Software": None}}
    with mpl.rc_context(style(WIDE)):
        figure.savefig(file, format="png", dpi=2 * UNIT, **settings)
    return file.getvalue()


def show(draw: Callable[..., plt.Figure], *given, alt: str, name: str = "figure") -> None:
    """Shows a figure in a notebook and on its page.

    Args:
        draw: a function of what is given and ``width`` in pixels that returns a figure.
        given: what it draws.
        alt: what to see, for readers who cannot.
        name: distinct on a page.
    """
    page, wide = drawn(draw, *given, alt=alt, name=name)
    bundle = {"text/html": page, "image/png": base64.b64encode(png(wide)).decode()}
    display(bundle | {"text/plain": alt}, raw=True, metadata={"image/png": {"alt": alt}})
