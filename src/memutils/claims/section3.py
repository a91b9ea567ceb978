"""The claims of the paper's section 3, on symmetric losses, and the one that is ours."""

from memutils.claims import contrasts, proofs, rules
from memutils.claims.claim import MATHEMATICS, Claim, Part

SYMMETRIC = ("rll", "mae", "nmse", "nce", "symmetrized-gce")
"""Symmetric losses that networks are trained with (C17)."""

THEORY = (
    Claim(
        id="C13",
        section="section 3",
        says=(
            "the training accuracy now saturates at a value below 100% and thus it behaves more"
            " like RLL now"
        ),
        reading="Normalized MSE stays below 100 % and behaves more like RLL than MSE does.",
        rule=(
            "Two verdicts. J1 is at most 0.95 and changes by at most 0.01 over the last fifth of"
            " the epochs. Its excess memorization is nearer to RLL's than to MSE's, all at one"
            " learning rate (open where MSE's is not above RLL's)."
        ),
        symbols=r"$J_1 \le 0.95$; $|x - x_\mathrm{RLL}| < |x - x_\mathrm{MSE}|$",
        shown_in=("mnist", "cifar10"),
        beyond=("resnet32",),
        parts=(
            Part(title="J1 below 100 %", judge=rules.saturates, losses=("nmse",)),
            Part(
                title="like RLL",
                judge=rules.nearer_to_rll,
                losses=("nmse",),
                against=("rll", "mse"),
            ),
        ),
    ),
    Claim(
        id="C14",
        weight=MATHEMATICS,
        section="section 3",
        says="the symmetry condition implies that the loss function is bounded",
        reading=(
            "RLL, MAE, 0-1 and normalized MSE are symmetric, CCE and MSE are not; symmetric losses"
            " are bounded; CCE cannot be normalized to symmetry."
        ),
        rule="Mathematics; numbers check the derivations to 1e-10 in float64.",
        symbols=r"$\sum_j L(g(X), j) = C$",
        shown_in=("theory_symmetry",),
        prove=proofs.symmetry,
    ),
    Claim(
        id="C15",
        weight=MATHEMATICS,
        section="section 3, Theorem 1",
        says=(
            "the symmetric loss maintains the risk ranking of different networks regardless of"
            " random flipping of labels"
        ),
        reading=(
            "Under symmetric noise the noisy risk of a symmetric loss is an increasing affine"
            " function of the clean one."
        ),
        rule="Mathematics; numbers check the derivation to 1e-10 in float64.",
        symbols=r"$R^\eta = \frac{C\eta}{K-1} + \left(1 - \frac{\eta K}{K-1}\right) R$",
        shown_in=("theory_theorem",),
        prove=proofs.theorem,
    ),
    Claim(
        id="C16",
        section="section 3",
        says=(
            "This is the ideal case where random altering of labels would have no effect on the"
            " classifier learnt"
        ),
        reading="RLL's accuracy on new images is as without noise.",
        rule=(
            "The 90 % interval of the difference of the test accuracies lies inside ±0.03; outside"
            " it fails; else open."
        ),
        symbols=r"$|\Delta| \le 0.03$",
        shown_in=("mnist", "cifar10"),
        parts=(Part(judge=rules.as_accurate, losses=("rll",), clean=True),),
    ),
    Claim(
        id="C17",
        section="section 3",
        says="if the loss function is symmetric it would have such robustness",
        reading="Every symmetric loss resists as RLL is said to.",
        rule=(
            "C6 and C9 for RLL, MAE, normalized MSE, normalized CCE and symmetrized GCE, each with"
            " its run on clean labels."
        ),
        symbols=r"C6 and C9",
        shown_in=("symmetry", "mnist", "cifar10"),
        parts=(Part(judge=rules.resists, losses=SYMMETRIC, clean=True),),
    ),
    Claim(
        id="E1",
        section="section 3",
        says=(
            "one can expect local minima of empirical risk under random label flips to be good"
            " approximators of local minima of empirical risk with clean, original samples"
        ),
        reading=(
            "Minima of the noisy empirical risk are close to those of the clean one, and this"
            " explains the results. (The paper says local minima. What is judged are the risks of"
            " trained networks.)"
        ),
        rule=(
            "Fails if a CCE memorizer (m at least 0.9) has the lower RLL risk on RLL's own training"
            " labels in more than half of the pairs."
        ),
        symbols=r"$\hat R_\mathrm{RLL}(h_\mathrm{CCE}) < \hat R_\mathrm{RLL}(h_\mathrm{RLL})$",
        shown_in=("theory_theorem", "switching"),
        parts=(Part(judge=rules.memorizer_has_lower_risk, losses=("rll",), against=("cce",)),),
        by_pairs=True,
    ),
    Claim(
        id="H1",
        section="ours",
        reading="With human labels RLL's advantage shrinks.",
        rule=(
            "m of CCE minus m of RLL is under human labels at most half of that under symmetric"
            " noise of the same noise rate, by the mean of three seeds with its interval."
        ),
        symbols=r"$\Delta_\mathrm{human} \le \tfrac12\,\Delta_\mathrm{symmetric}$",
        shown_in=("human",),
        contrast=contrasts.human_labels,
        networks=("inception-lite",),
    ),
)
