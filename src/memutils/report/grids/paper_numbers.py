"""What the paper's text says in numbers (its Sections 2 and 3), with the name of ours beside it.

A line is (what, the paper's, ours); names in braces are those of ``chapters.numbers`` and
``tables.setting`` after a network's prefix.
"""

CLOSE = "close to 100 %"

Line = tuple[str, str, str]


def fits(prefix: str, loss: str, says: str) -> Line:
    """The line on J1 of a loss at the three noise rates."""
    ours = ", ".join(f"{{{prefix}-{loss}-{eta}-j1}}" for eta in ("0.2", "0.4", "0.6"))
    return f"{loss.upper()}: J1 at η = 0.2, 0.4, 0.6", says, ours


def rll(prefix: str, j2: str) -> tuple[Line, Line]:
    """The lines on RLL; ``j2`` is what the paper says of its J2."""
    low, high = f"{prefix}-rll-0.2", f"{prefix}-rll-0.4"
    drop = f"{{{low}-drop}} and {{{high}-drop}} points"
    ideal = f"without any memorization {{{low}-ideal}} and {{{high}-ideal}}"
    both = f"{{{low}-j2}} and {{{high}-j2}}; J1 on clean labels {{{prefix}-rll-0-j1}}"
    title = "RLL: J1 on clean labels less J1 at η = 0.2 and 0.4"
    return (
        (title, "almost η: 20 and 40 points", f"{drop}; {ideal}"),
        ("RLL: J2 at η = 0.2 and 0.4", j2, both),
    )


def crossover(prefix: str) -> Line:
    """The line on the crossover of CCE and RLL."""
    ours = f"CCE {{{prefix}-cce-crossover}}, RLL {{{prefix}-rll-crossover}} (η = 0.4)"
    return "J1 overtakes J2", "with CCE eventually, with RLL never", ours


def network(
    prefix: str,
    data: str,
    rate: Line,
    epochs: str,
    decay: str,
    mse: str = CLOSE,
    j2: str = "close to the accuracy on clean labels",
) -> tuple[Line, ...]:
    """The lines on a network, those on its learning rate and on J2 and MSE being its own."""
    return (
        ("training images", data, f"{{{prefix}-images}} of {data}"),
        rate,
        ("epochs", epochs, f"{{{prefix}-epochs}}"),
        ("weight decay", decay, f"{{{prefix}-decay}}"),
        (
            "noise rates η",
            "0, 0.2, 0.4, 0.6",
            f"{{{prefix}-etas}}; empirical noise rates e: {{{prefix}-noise}}",
        ),
        ("runs of a setting", "one, it seems", f"seeds: {{{prefix}-seeds}}"),
        fits(prefix, "cce", CLOSE),
        fits(prefix, "mse", mse),
        *rll(prefix, j2),
    )


MNIST = (
    *network(
        "mnist",
        "MNIST",
        ("optimizer, learning rate", "Adam, 0.001, constant", "Adam, {mnist-rates}, constant"),
        epochs="200",
        decay="none",
        mse="high, and not close to 100 %",
    ),
    crossover("mnist"),
)
"""ResNet-18 on MNIST."""

INCEPTION = (
    *network(
        "inception",
        "CIFAR-10",
        (
            "learning rate",
            "SGD, 0.01, times 0.95 after each epoch",
            "{inception-rates}, the same schedule",
        ),
        epochs="100",
        decay="none",
    ),
    crossover("inception"),
)
"""Inception-Lite on CIFAR-10."""

RESNET32 = network(
    "resnet32",
    "CIFAR-10",
    (
        "learning rate",
        "SGD, 0.1, times 0.1 after 100 and 150 epochs",
        "{resnet32-rates}, times 0.1 after one half and three quarters of the epochs",
    ),
    epochs="200",
    decay="0.0001",
    j2="not shown for this network",
)
"""ResNet-32 on CIFAR-10; the paper shows no J2 for it."""
