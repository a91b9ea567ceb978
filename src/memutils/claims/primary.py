"""The two primary claims: RLL memorizes less, all else equal (P0) and at equal fit (P1)."""

from memutils.claims import contrasts, rules
from memutils.claims.claim import PRIMARY, Claim, Part

P0 = Claim(
    id="P0",
    weight=PRIMARY,
    section="section 1",
    says=(
        "keeping everything else in the training algorithm same but changing the loss function"
        " alone results in the network significantly resisting overfitting"
    ),
    reading=(
        "With all else equal, RLL memorizes less than CCE and than MSE, and it is more accurate"
        " on new images."
    ),
    rule=(
        "Each of four differences is above three standard errors, image by image, in every pair"
        " of a seed."
    ),
    symbols=r"$m(\mathrm{CCE}) - m(\mathrm{RLL}) > 3\,\mathrm{SE}$, and so on",
    shown_in=("mnist", "cifar10"),
    parts=(
        Part(title="m below CCE's", judge=rules.memorizes_less, losses=("rll",), against=("cce",)),
        Part(title="m below MSE's", judge=rules.memorizes_less, losses=("rll",), against=("mse",)),
        Part(
            title="test accuracy above CCE's",
            judge=rules.more_accurate,
            losses=("rll",),
            against=("cce",),
        ),
        Part(
            title="test accuracy above MSE's",
            judge=rules.more_accurate,
            losses=("rll",),
            against=("mse",),
        ),
    ),
)

P1 = Claim(
    id="P1",
    weight=PRIMARY,
    section="section 2",
    says="this loss function seems to be able to disregard data that are wrongly labelled",
    reading="RLL memorizes less at equal fit: the loss does it, not only the clock.",
    rule=(
        "Where the training-mode f first reaches 0.9 and 0.95, RLL's highest x over four step"
        " sizes is below CCE's lowest by more than 0.05, by the interval over three seeds. Open"
        " where CCE's lowest x lies at the smallest step and more than 0.05 below the next."
    ),
    symbols=r"$\max_s x(\mathrm{RLL}) - \min_s x(\mathrm{CCE}) < -0.05$",
    shown_in=("steps",),
    contrast=contrasts.equal_fit,
    networks=("resnet18", "inception-lite"),
)

PRIMARIES = P0, P1
