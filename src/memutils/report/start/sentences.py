"""The start page's answer in words, with every number computed from records;
``reasons`` goes on with why, and with what could change it.
"""

from memutils.claims.cases import FAILS, HOLDS, INCONCLUSIVE, OPEN
from memutils.claims.selection import column
from memutils.report import origins
from memutils.report.claims.strip import verdicts_on
from memutils.runs.grid import SIZES
from memutils.words import counted, in_words, listed, percent, range_of

AGAINST_CCE = "m below CCE's"
"""The part of P0 that compares RLL with CCE."""

TELLING = (HOLDS, FAILS, OPEN)
"""The states of a pair that can tell."""

TENTH = 0.1
"""Of the paper's images: what is called a tenth."""


def answer(content: dict) -> str:
    """The answer in Markdown: a word, what was done, who memorizes less, and where.

    Args:
        content: the table of claims, from ``claims.page.load``.
    """
    found = content["answer"]
    if not found["networks"]:
        return f"**{found['word']}.** No run of the paper's networks is recorded yet."
    told = [done(content), compared(content), *by_network(content)]
    return f"**{found['word']}.** " + " ".join(filter(None, told))


def done(content: dict) -> str:
    """What was trained on what."""
    networks = content["answer"]["networks"]
    images = range_of(n["images"] for n in networks)
    eta = content["thresholds"]["main_eta"]
    return (
        f"We trained the paper's networks on {images} images{beside_paper(networks)}; "
        f"{percent([eta])} of them carry a wrong label."
    )


def beside_paper(networks: list[dict]) -> str:
    """How many images these are beside the paper's, which are all of each data set."""
    shares = [n["images"] / whole(n) for n in networks]
    if max(shares) <= TENTH:
        return ", a tenth of the paper's or less"
    return ", fewer than the paper's" if min(shares) < 1 else ""


def whole(network: dict) -> int:
    """Images of a network's whole data set."""
    return SIZES[column(network["column"]).settings["dataset"]]


def deciding(content: dict, *columns: str, states: tuple[str, ...] = TELLING) -> list[dict]:
    """The cells that compare RLL with CCE at the main noise rate, on these networks."""
    return [
        c
        for v in verdicts_on(content, columns, "P0")
        if v["part"] == AGAINST_CCE
        for c in v["cells"]
        if c["eta"] == content["thresholds"]["main_eta"] and c["state"] in states
    ]


def compared(content: dict) -> str:
    """In how many pairs of runs RLL memorizes less than CCE; '' where no pair can tell."""
    main = [c["id"] for c in content["columns"] if c["main"]]
    cells = deciding(content, *main)
    fewer, n = sum(c["state"] == HOLDS for c in cells), len(cells)
    if not n:
        return ""
    if n == 1:
        pairs = "In the one conclusive pair" if fewer else "Not in the one conclusive pair"
    else:
        share = "all" if fewer == n else f"{in_words(fewer)} of"
        counted = f"{share} {in_words(n)} conclusive pairs"
        pairs = f"In {origins.number(counted, (name for c in cells for name in c['records']))}"
    return (
        f"{pairs} of runs the network memorizes clearly fewer of the wrong labels with the "
        f"[robust log loss](losses.ipynb) (RLL) than with cross entropy{by_seeds(content, main)}. "
        "The two runs of a pair differ only in the loss and, in some pairs, in the processor."
    )


def by_seeds(content: dict, columns: list[str]) -> str:
    """How the pairs divide: ': three of ResNet-18, one of ResNet-32 beside two inconclusive'."""
    titles = {c["id"]: c["title"].partition(" on ")[0] for c in content["columns"]}
    told = []
    for name in columns:
        n, silent = (len(deciding(content, name, states=s)) for s in (TELLING, (INCONCLUSIVE,)))
        beside = f" beside {in_words(silent)} inconclusive" if silent else ""
        if n or silent:
            told.append(f"{in_words(n) if n else 'none'} of {titles[name]}{beside}")
    return f": {', '.join(told)}" if len(told) > 1 or "beside" in "".join(told) else ""


def by_network(content: dict) -> list[str]:
    """Sentences on the networks that hardly memorize with RLL, that memorize less, and others."""
    low = content["thresholds"]["resisted"]
    tells = [n for n in content["answer"]["networks"] if not n["underfitted"]]
    few = [n for n in tells if n["numbers"]["rll_memorized"][2] <= low]
    less = [n for n in tells if n not in few and reduced(n)]
    rest = [n for n in tells if n not in (*few, *less)]
    told = []
    if few:
        told.append(
            f"Memorization almost stops for {names(few)}{at_rate(few)}: the network repeats "
            f"{shares(content, few, 'rll')} of the wrong labels with RLL and "
            f"{shares(content, few, 'cce')} with cross entropy."
        )
    if less:
        told.append(
            f"RLL only reduces it for {names(less, content)}, where cross entropy comes to "
            f"{shares(content, less, 'cce')}."
        )
    if rest:
        told.append(f"It does not stop for {names(rest, content)}.")
    return told


def reduced(network: dict) -> bool:
    """Whether RLL memorizes less than cross entropy whatever the seeds."""
    numbers = network["numbers"]
    return numbers["rll_memorized"][2] < numbers["cce_memorized"][1]


def shares(content: dict, networks: list[dict], loss: str) -> str:
    """What the networks memorize with a loss: '7 %' or '73 to 80 % and 47 %'."""
    place = ("rll", "cce").index(loss)  # the order in which a cell names its records
    by_text: dict[str, list[str]] = {}
    for n in networks:
        own = [c["records"][place] for c in deciding(content, n["column"])]
        by_text.setdefault(percent(n["numbers"][f"{loss}_memorized"]), []).extend(own)
    return listed(origins.number(text, runs) for text, runs in by_text.items())


def names(networks: list[dict], content: dict | None = None) -> str:
    """'ResNet-18 on MNIST', or of one data set 'Inception-Lite (73 to 80 %) and ResNet-32 (47 % in
    the one conclusive run of three) on CIFAR-10', with the share that is memorized with RLL where
    the table of claims is given.
    """
    by_data: dict[str, list[str]] = {}
    for n in networks:
        network, _, data = n["title"].partition(" on ")
        beside = f" ({with_rll(content, n)})" if content else ""
        by_data.setdefault(data, []).append(network + beside)
    return listed(f"{listed(of)} on {data}" for data, of in by_data.items())


def with_rll(content: dict, network: dict) -> str:
    """The share that is memorized with RLL, and of how many runs where some cannot tell."""
    share = shares(content, [network], "rll")
    told, silent = network["seeds"], network["inconclusive"]
    if not silent:
        return share
    return f"{share} in the {counted(told, 'conclusive run')} of {in_words(told + silent)}"


def at_rate(networks: list[dict]) -> str:
    """' at the learning rate 0.001'; '' where the networks have several."""
    rates = {n["learning_rate"] for n in networks}
    return f" at the learning rate {rates.pop():g}" if len(rates) == 1 else ""
