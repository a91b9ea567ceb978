"""The claims' rules once more, with formulas of their own, for the second reader.

Nothing of the package is imported here.
"""

import math
import statistics

import numpy as np


def end(run: dict, column: str) -> float:
    """The median over the evaluations of the last tenth of the epochs, five at least."""
    epochs = run["columns"]["epoch"]
    span = max(5, math.ceil(len(epochs) / 10))
    late = [
        v
        for e, j, v in zip(epochs, run["columns"]["j1"], run["columns"][column], strict=True)
        if e > len(epochs) - span and j == j
    ]
    return statistics.median(late)


def change(run: dict) -> float:
    """By how much the training-mode J1 rose over the last fifth of the epochs."""
    j1 = list(run["columns"]["training_j1"])
    span, start = max(5, math.ceil(len(j1) / 10)), round(0.8 * len(j1))
    return statistics.median(j1[-span:]) - statistics.median(j1[max(0, start - span) : start])


def images(run: dict) -> dict[str, np.ndarray]:
    """The last epoch, image by image."""
    a = run["arrays"]
    tested = a["test_predicted"] == a["test_true"]
    if "mislabeled_outcome" in a:  # no classes: 0 neither, 1 true, 2 given
        return {"memorized": a["mislabeled_outcome"][-1] == 2, "tested": tested}
    predicted, noisy, true = a["train_predicted"], a["train_noisy"], a["train_true"]
    given = predicted == noisy
    return {
        "memorized": given[noisy != true],
        "tested": tested,
        "given": given,
        "true": predicted == true,
    }


def collapsed(run: dict) -> bool:
    k = run["k"]
    return end(run, "j2") <= 1 / k + min(1 / k, (1 - 1 / k) / 9) or end(run, "classes") < max(
        2, k / 2
    )


def inconclusive(run: dict, clean: dict | None) -> bool:
    """Collapsed or underfitted."""
    f = end(run, "fitted")
    mark = end(clean, "j1") if clean else f
    return collapsed(run) or mark < 0.95 or f < mark - 0.05


def wrong(run: dict) -> int:
    a = run["arrays"]
    if "mislabeled_outcome" in a:
        return a["mislabeled_outcome"].shape[1]
    return int((a["train_noisy"] != a["train_true"]).sum())


def ahead(a, b, n):
    """Whether a leads b by three standard errors of the difference of two exclusive fractions
    of n images.
    """
    return a - b > 3 * np.sqrt(np.maximum(0, a + b - (a - b) ** 2) / n)


def compare(first: dict, second: dict, part: str, column: str) -> tuple[dict, str]:
    d = images(first)[part].astype(int) - images(second)[part].astype(int)
    se = d.std() / math.sqrt(len(d))
    found = {
        "difference": d.mean(),
        "standard_error": se,
        "difference_of_medians": end(first, column) - end(second, column),
    }
    return found, "holds" if d.mean() > 3 * se else "fails"


def p0(runs, part):
    rll, other = runs
    if part.startswith("m "):
        return compare(other, rll, "memorized", "memorized")
    return compare(rll, other, "tested", "test_accuracy")


def memorizes(runs, part):
    (run,) = runs
    j1, m, rise = end(run, "j1"), end(run, "memorized"), change(run)
    state = "holds" if j1 >= 0.95 and m >= 0.9 else "not tested" if rise > 0.01 else "fails"
    return {"memorized": m, "j1": j1, "rise": rise}, state


def longer(runs, part):
    epochs, drops = [], False
    found = {}
    for run in runs:
        j1, lr = run["columns"]["training_j1"], run["columns"]["lr"]
        late = [i + 1 for i in range(len(j1)) if (j1[i:] >= 0.95).all()]
        epochs.append(late[0] if late else math.inf)
        found[f"epoch_at_eta_{run['spec']['eta']:g}"] = epochs[-1] if late else None
        fell = [i + 1 for i in range(1, len(lr)) if lr[i] < 0.5 * lr[i - 1]]
        drops |= any(d <= epochs[-1] <= d + 2 for d in fell)
    stuck = any(e == math.inf and change(r) <= 0.01 for e, r in zip(epochs, runs, strict=True))
    if drops or stuck or min(epochs) == math.inf:
        return found, "not tested"
    return found, "holds" if epochs == sorted(epochs) and epochs[0] < epochs[-1] else "fails"


def high(runs, part):
    mse, cce = runs
    gap, j1 = end(cce, "j1") - end(mse, "j1"), end(mse, "j1")
    found = {"j1_cce_minus_mse": gap, "j1": j1, "rise": change(mse), "rise_of_cce": change(cce)}
    found["last_epoch"] = in_last_epoch(cce, mse, "given")
    if abs(change(mse)) > 0.01 or abs(change(cce)) > 0.01:
        return found, "not tested"
    return found, "holds" if j1 >= 0.75 and gap > 0.02 else "fails"


def fall(run: dict, clean: dict) -> tuple[float, float]:
    a, k = end(clean, "j1"), run["k"]
    return a - end(run, "j1"), (k * a - 1) / (k - 1) * wrong(run) / run["n"]


def in_last_epoch(first: dict, second: dict, part: str) -> float:
    """The difference of the shares of images, by the predictions of the last epoch."""
    return images(first)[part].mean() - images(second)[part].mean()


def c6(runs, part):
    (drop, ideal), last = fall(*runs), in_last_epoch(*runs[::-1], "given")
    found = {"drop": drop, "ideal_drop": ideal, "last_epoch": last}
    return found, "holds" if 4 * drop >= 3 * ideal else "fails"


def c7(runs, part):
    drop, ideal = fall(*runs)
    return {"drop": drop, "ideal_drop": ideal}, "holds" if abs(drop - ideal) <= 0.05 else "fails"


def c8(runs, part):
    (run,) = runs
    gap = end(run, "j1") - end(run, "j2")
    return {"j1_minus_j2": gap, "noise_rate": wrong(run) / run["n"]}, (
        "holds" if 2 * gap * run["n"] >= wrong(run) else "fails"
    )


def c9(runs, part):
    run = runs[0]
    m, r, n = end(run, "memorized"), end(run, "recovered"), wrong(run)
    state = "holds" if ahead(r, m, n) else "fails" if ahead(m, r, n) else "open"
    return {"recovered_minus_memorized": r - m, "recovered": r, "memorized": m}, state


def c10(runs, part):
    (run,) = runs
    c, n, k = run["columns"], wrong(run), run["k"]
    left = c["training_j2"] > 1 / k + min(1 / k, (1 - 1 / k) / 9)
    if not left.any():
        return {}, "inconclusive"
    first = int(np.argmax(left))
    m, r = c["training_memorized"][first:], c["training_recovered"][first:]
    late = ~np.isnan(c["j1"]) & (np.arange(len(left)) >= first)
    against = int(ahead(c["memorized"][late], c["recovered"][late], n).sum())
    share, below = float(np.mean(r > m)), float(np.mean(ahead(m, r, n)))
    found = {
        "share_of_epochs_above": share,
        "share_below_by_3_se": below,
        "evaluations_against": against,
    }
    if against >= 2 or below >= 0.05:
        return found, "fails"
    return found, "holds" if share >= 0.95 and against == 0 else "open"


def c11(runs, part):
    (run,) = runs
    c, n = run["columns"], wrong(run)
    at = ~np.isnan(c["j1"])
    epoch, m, r = c["epoch"][at], c["memorized"][at], c["recovered"][at]
    behind = ahead(m, r, n)
    if not behind.any():
        return {"crossover_epoch": None}, "fails"
    first = epoch[int(np.argmax(behind))]
    early = int(ahead(r, m, n)[epoch < first].sum())
    training = int(
        ahead(c["training_recovered"], c["training_memorized"], n)[c["epoch"] < first].sum()
    )
    found = {"crossover_epoch": first, "evaluations_before": early, "epochs_before": training}
    return found, "holds" if max(early, training) >= 3 and behind[epoch >= first].all() else "fails"


def c12(runs, part):
    run, clean = runs
    below = end(clean, "j1") - end(run, "j2")
    last = in_last_epoch(clean, run, "true")
    return {"clean_j1_minus_j2": below, "last_epoch": last}, "holds" if below <= 0.05 else "fails"


def x(run: dict) -> float:
    m, r = end(run, "memorized"), end(run, "recovered")
    return m - (1 - m - r) / (run["k"] - 2)


def c13(runs, part):
    if part == "J1 below 100 %":
        j1, moved = end(runs[0], "j1"), change(runs[0])
        state = "fails" if j1 > 0.95 else "not tested" if abs(moved) > 0.01 else "holds"
        return {"j1": j1, "rise": moved}, state
    own, rll, mse = map(x, runs)
    found = {"excess": own, "excess_rll": rll, "excess_mse": mse}
    return found, "open" if mse <= rll else "holds" if abs(own - rll) < abs(own - mse) else "fails"


def c16(runs, part):
    d = images(runs[0])["tested"].astype(int) - images(runs[1])["tested"].astype(int)
    half = 1.6448536269514722 * d.std() / math.sqrt(len(d))
    low, high_ = d.mean() - half, d.mean() + half
    state = (
        "holds"
        if low >= -0.03 and high_ <= 0.03
        else "fails"
        if high_ < -0.03 or low > 0.03
        else "open"
    )
    return {"difference": d.mean()}, state


def c17(runs, part):
    one, two = c6(runs, part), c9(runs, part)
    return one[0] | two[0], "fails" if "fails" in (one[1], two[1]) else two[1]


def e1(runs, part):
    rll, cce = runs
    risks = [r["risks"]["train"]["rll"]["training"] for r in (cce, rll)]
    found = {"risk_cce": risks[0], "risk_rll": risks[1], "risk_cce_less_rll": risks[0] - risks[1]}
    return found, (
        "not tested" if end(cce, "memorized") < 0.9 else "fails" if risks[0] < risks[1] else "holds"
    )


RULES = {
    "P0": p0,
    "C1": memorizes,
    "C2": memorizes,
    "C3": longer,
    "C4": memorizes,
    "C5": high,
    "C6": c6,
    "C7": c7,
    "C8": c8,
    "C9": c9,
    "C10": c10,
    "C11": c11,
    "C12": c12,
    "C13": c13,
    "C16": c16,
    "C17": c17,
    "E1": e1,
}
