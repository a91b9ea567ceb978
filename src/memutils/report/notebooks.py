"""What notebooks need: a run's parameters as a specification, errors as one plain sentence, a
figure's data as CSV.
"""

import ast
import base64
import contextlib
import html
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from IPython import get_ipython
from IPython.display import HTML, Markdown, display

from memutils.errors import INTERRUPTED, UserError
from memutils.names import DATASET_NAMES, LOSS_NAMES, NETWORK_NAMES
from memutils.report.markup import number
from memutils.runs.records import Record, histories
from memutils.runs.specs import NAMING, Scale, Spec, check_known, flat, load_scale, registered
from memutils.words import typeset

if TYPE_CHECKING:
    import pandas as pd
    from pandas.io.formats.style import Styler

INJECTED = "# Parameters"
"""How the cell begins that papermill puts after the parameters cell."""


def plain_errors(interrupted: str = INTERRUPTED) -> None:
    """From now on a UserError or an interrupt ends a cell with its sentence alone;
    the cell still counts as failed.
    """
    shell = get_ipython()
    if shell is None:
        return

    def show(shell, kind, error, traceback, tb_offset=None):
        text = interrupted if issubclass(kind, KeyboardInterrupt) else f"Error: {error}"
        if issubclass(kind, KeyboardInterrupt):  # papermill listens no more; the terminal does
            with contextlib.suppress(OSError, ValueError):
                os.write(sys.stderr.fileno(), f"{text}\n".encode())
        shell._showtraceback(kind, error, [text])
        return [text]

    shell.set_custom_exc((UserError, KeyboardInterrupt), show)


def assigned(source: str) -> list[str]:
    """The names that a cell of plain assignments assigns."""
    return [node.targets[0].id for node in ast.parse(source).body if isinstance(node, ast.Assign)]


def requested(namespace: dict) -> tuple[Scale, Spec]:
    """The scale and the run that the notebook's parameters ask for.

    papermill only warns of a parameter that the notebook does not have; here any setting of a run
    and any parameter of its loss is taken, and every other name is an error.

    Args:
        namespace: the notebook's globals(): scale, dataset, network, loss, eta, seed, settings, and
            what was injected.

    Raises:
        UserError: an unknown name (with the nearest valid one) or a wrong value.
    """
    cells = [cell for cell in namespace.get("In", []) if cell.lstrip().startswith(INJECTED)]
    injected = cells[-1] if cells else ""
    extra = [name for name in assigned(injected) if name not in ("scale", "settings", *NAMING)]
    if not isinstance(namespace["settings"], dict):
        wanted = "settings must be a table of settings, e.g. {'epochs': 20}"
        typed = "with papermill -y 'settings: {epochs: 20}'"
        raise UserError(f"{wanted}, {typed}, not {repr(namespace['settings'])[:80]}.")
    settings = flat(namespace["settings"])
    given = settings | namespace
    trained_with = registered(given["loss"], given.get("switch_loss"))
    check_known(extra, trained_with, "parameter", ("scale", "settings"))
    check_known(settings, trained_with)
    values = flat({name: namespace[name] for name in (*NAMING, *extra)})
    if twice := sorted(settings.keys() & values.keys()):
        raise UserError(f"{', '.join(twice)}: give it as a parameter or in settings, not both.")
    scale = load_scale(namespace["scale"])
    return scale, scale.spec(**settings, **values)


DATA = (
    "key dataset network loss eta noise_rate seed epoch j1 j2 fitted memorized recovered"
    " test_accuracy".split()
)
"""What a figure over epochs is drawn from, at the evaluations."""


def csv_link(data: "list[Record] | pd.DataFrame", name: str) -> HTML:
    """A link that saves the data behind a figure as CSV; the data lie in the link itself, so it
    works from any page or file.

    Args:
        data: records, of which the evaluations are taken, or any other table, taken as it is.
        name: the file's name without ``.csv``.
    """
    if isinstance(data, list):
        data = histories(data).reindex(columns=DATA).dropna(subset=["j1"])
    if data.empty:
        return HTML("")  # no link to nothing
    text = base64.b64encode(data.to_csv(index=False, float_format="%.6g").encode()).decode()
    label = f"{html.escape(name)}.csv"
    link = f'<a download="{label}" href="data:text/csv;base64,{text}">{label}</a>'
    return HTML(f'<p class="figure-data">Data behind the figure: {link} ({len(data):,} rows)</p>')


NAMES = {
    "dataset": DATASET_NAMES,
    "network": NETWORK_NAMES,
    "loss": LOSS_NAMES,
    "collapsed": {False: "no", True: "yes"},
}
"""Columns of settings and their values' names for the reader."""


def table(frame: "pd.DataFrame") -> "Styler":
    """A table as readers see it: no index, three decimals, a dash where there is no value;
    texts are escaped.

    A column of anything but measured numbers that is the same in all of several rows is said once,
    in the caption.
    """
    named = {n: [names.get(v, v) for v in frame[n]] for n, names in NAMES.items() if n in frame}
    typed = {n: [f"{v:g}" for v in frame[n]] for n in ("eta", "alpha") if n in frame}
    frame = frame.assign(**named, **typed)
    settings = [n for n in frame if len(frame) > 1 and frame[n].dtype.kind != "f"]
    same = [n for n in settings if frame[n].nunique(dropna=False) == 1]
    styler = frame.style.set_table_attributes('class="numbers"')
    styler.hide(axis="index").hide(same, axis="columns")
    styler.format(na_rep="–", thousands=",", escape="html")
    styler.format(number, subset=[n for n in frame if frame[n].dtype.kind == "f"])
    texts = [n for n in frame if all(isinstance(v, str) for v in frame[n])]
    styler.format(typeset, subset=texts, escape="html")
    styler.format_index(readable, axis=1)
    values = {n: frame[n].iloc[0] for n in same}
    shown = {n: f"{v:,}" if frame[n].dtype.kind == "i" else str(v) for n, v in values.items()}
    told = ", ".join(f"{readable(n)} {html.escape(typeset(text))}" for n, text in shown.items())
    return styler.set_caption(f"The same in every row: {told}.") if same else styler


def readable(column: str) -> str:
    """A column's name for the reader, escaped: 'J1 minus J2' for j1_minus_j2."""
    names = {"j1": "J1", "j2": "J2", "eta": "η", "alpha": "α"}
    return " ".join(names.get(word, html.escape(word)) for word in column.split("_"))


def tell(*texts: str) -> None:
    """Shows sentences as typeset Markdown, a paragraph each, and nothing where there is none to
    tell: of an empty Markdown a page would show the object.
    """
    if told := [text for text in texts if text.strip()]:
        display(Markdown(typeset("\n\n".join(told))))


def glue(name: str, text: str, runs: Iterable[str] = ()) -> None:
    """Keeps a typeset text for the page, whose prose or caption shows it by {glue:text}`name`.

    It is MyST-NB's ``glue`` for those who read a notebook without the book's tools. ``runs`` are
    the names of the runs that a number comes from; in prose the number then tells of them
    (``book/_ext/origins.py``).
    """
    prefix = "application/papermill.record/"
    kept = {"scrapbook": {"name": name, "mime_prefix": prefix, "runs": list(runs)}}
    display({f"{prefix}text/plain": repr(typeset(text))}, raw=True, metadata=kept)
