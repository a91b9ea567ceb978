"""The paper's claims in other words, each with the rule that judges it, its tolerance and the reason for that."""

from collections.abc import Callable
from dataclasses import dataclass

from memutils.claims import rules
from memutils.claims.outcomes import ETAS, T
from memutils.claims.proofs import bounded, ranks_alike, symmetric


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, in other words, and how it is judged.

    Attributes:
        id, statement: of the claim.
        rule, reason: the rule with its tolerance, and why it is that.
        judge: the rule as code: of a bench, or for mathematics of nothing (a tuple of (what, holds, statistics)).
        losses, etas: the runs that are judged.
        datasets, networks: names a run must have; empty: any.
        after: the claim whose evidence this one shares; it is marked, and the summary counts that one only.
        per_eta: False where one cell spans the noise rates.
    """

    id: str
    statement: str
    rule: str
    reason: str
    judge: Callable
    losses: tuple[str, ...] = ()
    etas: tuple[float, ...] = ETAS
    datasets: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    after: str = ""
    per_eta: bool = True


CIFAR = {"datasets": ("cifar10",)}
MNIST = {"datasets": rules.MNIST, "networks": ("resnet18",)}
MARGIN = f"more than {T['deviations']:g} standard errors, sqrt((r + m)/n) over the n mislabeled examples"
ACTIVE = (
    f"A run that collapsed (J2 below {T['chance_j2']:g}, or under half of the classes predicted) or underfits (J1 on clean "
    f"labels below {T['clean_fit']:g}, or fitted more than {T['underfit']:g} below that) can fail the rule and not pass it: "
    "an idle network resists everything."
)
ALL = f"Final J1 at least {T['near_all']:g} and memorized at least {T['memorized']:g}"
CUT = f"Where J1 still rises by more than {T['rising']:g} over the last fifth of the epochs, training was cut short."
SMALL = "The margin makes the words exact; sampling error is far below it, the range from seed to seed not always."
BEYOND = "The paper shows J2 for Inception-Lite and ResNet-18; a cell of ResNet-32 goes beyond it."
CLOSE = f"{T['close']:g} is what one would call close in the paper's figures; from seed to seed figures can range as widely."

CLAIMS = (
    Claim("C1", "On CIFAR-10 the cross entropy ends up with nearly every training label fitted, wrong ones included.",
          f"{ALL}.", CUT, rules.memorizes, ("cce",), **CIFAR),
    Claim("C2", "The squared error does the same on CIFAR-10.", f"{ALL}.", CUT, rules.memorizes, ("mse",), **CIFAR),
    Claim("C3", "The more labels are wrong, the more epochs the fit takes.",
          f"The first epoch from which J1 stays at {T['reached']:g} or above does not fall with eta, and rises from the lowest "
          "to the highest; a tie in the middle is no fall. The same epoch by the training-mode J1, which every epoch has and "
          "which is no evaluation, stands beside.",
          f"Where each of these epochs may be the work of a drop of the learning rate (within {T['drop_epochs']} epochs, or "
          "since the evaluation before), the schedule sets the time: not tested. Nor is it where all rates share a pass and the "
          "one before is epochs away. A noise rate at which J1 settled below cannot support the claim: more epochs would not "
          "help there. The paper excepts the squared error on MNIST (C5).",
          rules.takes_longer, ("cce", "mse"), ETAS[:1], per_eta=False),
    Claim("C4", "On MNIST, too, the cross entropy fits nearly every training label (ResNet-18).",
          f"{ALL}.", CUT, rules.memorizes, ("cce",), **MNIST),
    Claim("C5", "On MNIST the squared error gets high, but does not fit nearly all training labels, where the cross entropy "
          "does. (To the paper this is the one exception; C2 tells whether it is.)",
          f"J1 lies in [{T['high']:g}, {T['near_all']:g}) and no longer rises, where the rule of C4 holds for the cross entropy.",
          f"Where the cross entropy does not memorize either, the squared error is no exception: not tested. {CUT}",
          rules.high_not_all, ("mse",), **MNIST),
    Claim("C6", "Wrong labels lower RLL's accuracy on its own training labels clearly.",
          f"J1 without noise less J1 is at least {T['drop_share']:g} eta. Beside it, not counted, the part of the drop that "
          "comes from the mislabeled examples.",
          f"J1 falls for clean examples that are no longer fitted, too; C9 looks at the mislabeled ones alone. {SMALL} {ACTIVE}",
          rules.well_below_clean, ("rll",)),
    Claim("C7", "At the lower noise rates RLL loses about as much of J1 as there are wrong labels.",
          f"The drop of J1 differs from the realized noise rate by {T['close']:g} at most.", f"{CLOSE} {ACTIVE}",
          rules.drop_is_eta, ("rll",), ETAS[:2]),
    Claim("C8", "With the cross entropy and the squared error the true labels are met far less often than the training labels.",
          f"Final J1 less J2 is at least {T['drop_share']:g} of the realized noise rate.", f"{SMALL} {BEYOND}",
          rules.true_below_training, ("cce", "mse"), after="C1"),
    Claim("C9", "With RLL the true labels are met more often than the training labels.",
          f"Finally recovered r exceeds memorized m by {MARGIN}. It fails if m exceeds r by that.",
          f"A smaller difference is no evidence either way: not tested. {ACTIVE} {BEYOND}",
          rules.true_above_training, ("rll",), after="C10"),
    Claim("C10", "With RLL the true labels are met more often than the training labels throughout training.",
          f"After leaving chance r is above m in every evaluation. It fails if in one m is above r by {MARGIN}.",
          "A pass in which m leads by less than that is no evidence either way: not tested. "
          f"{ACTIVE} {BEYOND}",
          rules.always_above, ("rll",)),
    Claim("C11", "With the cross entropy the true labels lead at first and fall behind later: the crossover.",
          f"At least {T['early_epochs']} evaluations with r above m by {MARGIN}; from the crossover on m above r in every one.",
          f"Single passes are noisy, so one alone is not a lead. {CUT} {BEYOND}", rules.crosses_over, ("cce",)),
    Claim("C12", "At the lower noise rates RLL's J2 is close to what it reaches on clean labels.",
          f"J2 is at most {T['close']:g} below J1 without noise.", f"{CLOSE} {ACTIVE} {BEYOND}",
          rules.true_near_clean, ("rll",), ETAS[:2]),
    Claim("C13", "The normalized squared error stays below a full fit and behaves more like RLL than the squared error does.",
          "The rule of C6, and excess memorization nearer to RLL's than to that of the squared error.",
          f"Tested where the latter two are more than {T['excess']:g} apart, about three standard errors of 1,000 mislabeled "
          f"examples. {ACTIVE}",
          rules.like_rll, ("nmse",)),
    Claim("C14", "RLL, MAE, 0-1 and normalized squared error are symmetric, cross entropy and squared error are not; "
          "whatever is symmetric is bounded.",
          f"The sum over the labels varies by {T['symmetry']:g} of its size at most (of 1, if that is more) in float64; the "
          "second half is tried on mean(z) - z_y, which sums to 0 and has no bound.",
          "Mathematics; the numbers check the derivation. The second half needs a loss that is bounded below.",
          lambda: symmetric() + bounded()),
    Claim("C15", "With a symmetric loss and eta below (K-1)/K the noisy risk is an increasing affine function of the clean "
          "one, so both rank classifiers alike.",
          f"Both sides differ by {T['symmetry']:g} at most in float64, and no pair changes its order.",
          "Mathematics; the numbers check the derivation.", lambda: ranks_alike()),
    Claim("C16", "RLL resists memorization as the paper defines it, read as accuracy on test images: that is the same as without "
          "noise.",
          f"Test accuracy within {T['test']:g} of the clean run's; beside it, not counted, within {T['test']:g} of a run on "
          "the clean examples alone, where there is one.",
          f"On 2,000 test images, as at scale cpu, {T['test']:g} is two standard errors of a difference of two accuracies near "
          f".55, four near .95: a network that loses a little passes. {ACTIVE}",
          rules.as_accurate, ("rll",)),
    Claim("C17", "Other symmetric losses (MAE) resist as well.", "The rules of C6 and C9.", f"{SMALL} {ACTIVE}",
          rules.resists, ("mae",)),
)  # fmt: skip
"""Every claim, in the paper's order."""

SHOWN_IN = {
    **dict.fromkeys(("C1", "C2"), ("fig1",)),
    "C3": ("fig1", "fig2"),
    **dict.fromkeys(("C4", "C5"), ("fig2",)),
    **dict.fromkeys(("C6", "C7"), ("fig3",)),
    **dict.fromkeys(("C8", "C9", "C10", "C11", "C12", "C16"), ("fig4", "fractions")),
    "C13": ("fig5",),
    "C14": ("theory_symmetry",),
    "C15": ("theory_theorem",),
    "C17": ("fractions",),
}
"""The notebooks that show each claim's evidence."""
