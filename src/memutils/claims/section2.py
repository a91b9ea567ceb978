"""The claims of the paper's section 2, on its experiments: C1 to C12."""

from memutils.claims import rules
from memutils.claims.claim import CIFAR, Claim, Part

CLOSE_TO_ZERO = "for all values of η the training error goes down close to zero"
MEMORIZES = (
    "At the end J1 is at least 0.95 and m at least 0.9. Not tested where they are missed while J1"
    " still rises by more than 0.01 over the last fifth of the epochs."
)
MEMORIZES_SYMBOLS = r"$J_1 \ge 0.95,\; m \ge 0.9$"

EXPERIMENTS = (
    Claim(
        id="C1",
        section="section 2",
        says=CLOSE_TO_ZERO,
        reading="CCE memorizes CIFAR-10.",
        rule=MEMORIZES,
        symbols=MEMORIZES_SYMBOLS,
        shown_in=("cifar10",),
        parts=(Part(judge=rules.memorizes, losses=("cce",), networks=CIFAR),),
    ),
    Claim(
        id="C2",
        section="section 2",
        says=CLOSE_TO_ZERO,
        reading="MSE memorizes CIFAR-10.",
        rule=MEMORIZES,
        symbols=MEMORIZES_SYMBOLS,
        shown_in=("cifar10",),
        parts=(Part(judge=rules.memorizes, losses=("mse",), networks=CIFAR),),
    ),
    Claim(
        id="C3",
        section="section 2",
        says="though it takes a few epochs more with higher values of η",
        reading=(
            "With more noise the fit takes longer (CCE and MSE; the paper excepts MSE on MNIST)."
        ),
        rule=(
            "The first epoch from which the training-mode J1 stays at 0.95 or above does not fall"
            " in η, and rises from end to end. Not tested within three epochs of a drop of the"
            " learning rate."
        ),
        symbols=r"$t_{0.2} \le t_{0.4} \le t_{0.6},\; t_{0.2} < t_{0.6}$",
        shown_in=("cifar10", "mnist"),
        parts=(
            Part(
                judge=rules.takes_longer,
                losses=("cce",),
                across=True,
                collapse_only=True,
                networks=("resnet18",),
            ),
            Part(
                judge=rules.takes_longer,
                losses=("cce", "mse"),
                across=True,
                collapse_only=True,
                networks=CIFAR,
            ),
        ),
    ),
    Claim(
        id="C4",
        section="section 2",
        says=CLOSE_TO_ZERO,
        reading="CCE memorizes MNIST.",
        rule=MEMORIZES,
        symbols=MEMORIZES_SYMBOLS,
        shown_in=("mnist",),
        parts=(Part(judge=rules.memorizes, losses=("cce",), networks=("resnet18",)),),
    ),
    Claim(
        id="C5",
        section="section 2",
        says=(
            "The only exception is when ResNet-18 is trained on MNIST with MSE; but even here the"
            " training accuracy reaches a high value"
        ),
        reading="MSE gets high on MNIST, not near 100 %.",
        rule=(
            "J1 of MSE is at least 0.75 and more than 0.02 below that of CCE. Not tested where one"
            " of them changes by more than 0.01 over the last fifth of the epochs."
        ),
        symbols=r"$J_1(\mathrm{MSE}) \ge 0.75,\; J_1(\mathrm{CCE}) - J_1(\mathrm{MSE}) > 0.02$",
        shown_in=("mnist",),
        parts=(
            Part(
                judge=rules.high_not_all, losses=("mse",), against=("cce",), networks=("resnet18",)
            ),
        ),
    ),
    Claim(
        id="C6",
        section="section 2",
        says=(
            "the training set accuracy achieved by RLL for non-zero values of η is always well"
            " below that achieved on clean data"
        ),
        reading="RLL's J1 falls well below its J1 on clean labels.",
        rule=(
            "The drop is at least three quarters of the ideal drop, that of a network that meets no"
            " wrong label but by chance."
        ),
        symbols=r"$a - J_1 \ge \tfrac34\, e\,\frac{Ka - 1}{K - 1}$",
        shown_in=("mnist", "cifar10"),
        parts=(Part(judge=rules.well_below_clean, losses=("rll",), clean=True),),
    ),
    Claim(
        id="C7",
        section="section 2",
        says=(
            "for η = 0.2 and η = 0.4 the difference in training-accuracy on clean and noisy data is"
            " almost equal to the noise-rate"
        ),
        reading="At the noise rates 0.2 and 0.4 that drop is about η.",
        rule="The drop is within 0.05 of the ideal drop.",
        symbols=r"$\left|a - J_1 - e\,\frac{Ka - 1}{K - 1}\right| \le 0.05$",
        shown_in=("mnist", "cifar10"),
        parts=(Part(judge=rules.drop_is_ideal, losses=("rll",), clean=True, low=True),),
    ),
    Claim(
        id="C8",
        section="section 2",
        says=(
            "for networks trained with CCE and MSE losses, the J2 accuracy (dashed line) is always"
            " well below the J1 accuracy"
        ),
        reading="With CCE and MSE, J2 ends well below J1.",
        rule="J1 minus J2 is at least half of the empirical noise rate.",
        symbols=r"$J_1 - J_2 \ge e/2$",
        shown_in=("mnist", "cifar10"),
        beyond=("resnet32",),
        parts=(Part(judge=rules.true_below_training, losses=("cce", "mse")),),
    ),
    Claim(
        id="C9",
        section="section 2",
        says="it is the J2 (dashed line) accuracy that is always higher than the J1 accuracy",
        reading="With RLL, J2 ends above J1.",
        rule="r is above m by three standard errors; fails if m leads by three; else open.",
        symbols=r"$r - m > 3\,\mathrm{SE}$",
        shown_in=("mnist", "cifar10"),
        beyond=("resnet32",),
        parts=(Part(judge=rules.true_above_training, losses=("rll",)),),
    ),
    Claim(
        id="C10",
        section="section 2",
        says="through all the epochs, the J2 accuracy stays higher",
        reading="With RLL, J2 is above J1 in every epoch.",
        rule=(
            "r leads in 95 % of the epochs after leaving chance (training-mode), and no evaluation"
            " contradicts by three standard errors. Fails if m leads by three at two evaluations or"
            " in 5 % of the epochs. Else open."
        ),
        symbols=r"$r > m$ throughout",
        shown_in=("mnist", "cifar10"),
        beyond=("resnet32",),
        parts=(Part(judge=rules.always_above, losses=("rll",)),),
    ),
    Claim(
        id="C11",
        section="section 2",
        says=(
            "But eventually the network ‘flips’ and overfits to the random labels in training data"
        ),
        reading="CCE crosses over: J2 leads early, J1 later.",
        rule=(
            "r leads by three standard errors at three evaluations or in three epochs, and after"
            " that m leads at every evaluation."
        ),
        symbols=r"$r > m$ early, $m > r$ later",
        shown_in=("mnist", "cifar10"),
        beyond=("resnet32",),
        parts=(Part(judge=rules.crosses_over, losses=("cce",)),),
    ),
    Claim(
        id="C12",
        section="section 2",
        says=(
            "for η = 0.2, 0.4, the J2 accuracy of the networks learned using RLL is close to the"
            " training accuracy achieved with clean data"
        ),
        reading="RLL's J2 at the noise rates 0.2 and 0.4 is close to its accuracy on clean labels.",
        rule="J2 is at most 0.05 below J1 on clean labels.",
        symbols=r"$a - J_2 \le 0.05$",
        shown_in=("mnist", "cifar10"),
        beyond=("resnet32",),
        parts=(Part(judge=rules.true_near_clean, losses=("rll",), clean=True, low=True),),
    ),
)
