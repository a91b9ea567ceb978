"""What the paper's text says in numbers (its Sections 2 and 3), with the name of ours beside it.

A line is (what, the paper's, ours); names in braces are those of ``chapters.numbers`` and
``tables.setting`` after a network's prefix.
"""

SEEDS = ("runs of a setting", "one, it seems", "seeds: {%s-seeds}")
RATES = ("noise rates η", "0, 0.2, 0.4, 0.6", "{%s-etas}; empirical noise rates e: {%s-noise}")


def fits(prefix: str, loss: str, says: str) -> tuple[str, str, str]:
    """The line on J1 of a loss at the three noise rates."""
    ours = ", ".join(f"{{{prefix}-{loss}-{eta}-j1}}" for eta in ("0.2", "0.4", "0.6"))
    return f"{loss.upper()}: J1 at η = 0.2, 0.4, 0.6", says, ours


def rll(prefix: str, j2: str = "close to the accuracy on clean labels") -> tuple[tuple, ...]:
    """The lines on RLL of a network; ``j2`` is what the paper says of its J2."""
    drop = "{%s-rll-0.2-drop} and {%s-rll-0.4-drop} points"
    ideal = "{%s-rll-0.2-ideal} and {%s-rll-0.4-ideal}"
    both = "{%s-rll-0.2-j2} and {%s-rll-0.4-j2}; J1 on clean labels {%s-rll-0-j1}"
    ours = f"{drop}; without any memorization {ideal}".replace("%s", prefix)
    return (
        ("RLL: J1 on clean labels less J1 at η = 0.2 and 0.4", "almost η: 20 and 40 points", ours),
        (
            "RLL: J2 at η = 0.2 and 0.4",
            j2,
            both.replace("%s", prefix),
        ),
    )


def crossover(prefix: str) -> tuple[str, str, str]:
    """The line on the crossover of CCE and RLL."""
    ours = f"CCE {{{prefix}-cce-crossover}}, RLL {{{prefix}-rll-crossover}} (η = 0.4)"
    return "J1 overtakes J2", "with CCE eventually, with RLL never", ours


CLOSE = "close to 100 %"

MNIST = (
    ("training images", "MNIST", "{mnist-images} of MNIST"),
    ("optimizer, learning rate", "Adam, 0.001, constant", "Adam, {mnist-rates}, constant"),
    ("epochs", "200", "{mnist-epochs}"),
    ("weight decay", "none", "{mnist-decay}"),
    (RATES[0], RATES[1], RATES[2].replace("%s", "mnist")),
    (SEEDS[0], SEEDS[1], SEEDS[2] % "mnist"),
    fits("mnist", "cce", CLOSE),
    fits("mnist", "mse", "high, and not close to 100 %"),
    *rll("mnist"),
    crossover("mnist"),
)
"""ResNet-18 on MNIST."""

INCEPTION = (
    ("training images", "CIFAR-10", "{inception-images} of CIFAR-10"),
    (
        "learning rate",
        "SGD, 0.01, times 0.95 after each epoch",
        "{inception-rates}, the same schedule",
    ),
    ("epochs", "100", "{inception-epochs}"),
    ("weight decay", "none", "{inception-decay}"),
    (RATES[0], RATES[1], RATES[2].replace("%s", "inception")),
    (SEEDS[0], SEEDS[1], SEEDS[2] % "inception"),
    fits("inception", "cce", CLOSE),
    fits("inception", "mse", CLOSE),
    *rll("inception"),
    crossover("inception"),
)
"""Inception-Lite on CIFAR-10."""

RESNET32 = (
    ("training images", "CIFAR-10", "{resnet32-images} of CIFAR-10"),
    (
        "learning rate",
        "SGD, 0.1, times 0.1 after 100 and 150 epochs",
        "{resnet32-rates}, times 0.1 after one half and three quarters of the epochs",
    ),
    ("epochs", "200", "{resnet32-epochs}"),
    ("weight decay", "0.0001", "{resnet32-decay}"),
    (RATES[0], RATES[1], RATES[2].replace("%s", "resnet32")),
    (SEEDS[0], SEEDS[1], SEEDS[2] % "resnet32"),
    fits("resnet32", "cce", CLOSE),
    fits("resnet32", "mse", CLOSE),
    *rll("resnet32", j2="not shown for this network"),
)
"""ResNet-32 on CIFAR-10; the paper shows no J2 for it."""
