"""The rules by which the paper's claims are judged.

A rule is a function of a ``Bench``, which holds the run in question and hands out the runs it is compared with,
and returns a ``Finding``. The thresholds are those of ``memutils.claims.outcomes``.
"""

import math
from dataclasses import dataclass, field

from memutils.claims.outcomes import ETAS, Run, T, beats

MNIST = ("mnist", "mnist5k")
SHORT = "J1 was still rising when training ended"
TIE = "neither leads by more than chance"
ALIKE = "the squared error memorizes no more than RLL: there is nothing to tell apart"
TWO_CLASSES = "excess memorization needs three classes"


@dataclass(frozen=True)
class Finding:
    """What a rule found: ``passed`` is None where nothing follows; ``why`` says what the figures do not."""

    passed: bool | None
    statistics: dict = field(default_factory=dict)
    why: str = ""


class NotThere(LookupError):
    """A run that a comparison needs was not carried out."""


@dataclass
class Bench:
    """A run and those of its data set, network, seed and settings, by (loss, eta); ``used`` gathers keys."""

    run: Run
    others: dict[tuple[str, float], Run]
    oracles: dict[tuple[str, float], Run]
    used: list[str] = field(default_factory=list)

    def get(self, loss: str, eta: float) -> Run:
        """The run of that loss and noise rate; raises NotThere."""
        if (loss, eta) not in self.others:
            raise NotThere(f"there is no run of {loss} at eta {eta:g}")
        self.used.append(self.others[loss, eta].key)
        return self.others[loss, eta]

    def clean(self, run: Run | None = None) -> Run:
        """The run of the same loss on true labels; raises NotThere."""
        return self.get((run or self.run).loss, 0.0)

    def unfit(self, run: Run | None = None) -> str:
        """Why the same loss on clean labels is no mark to compare a run with, or ''; raises NotThere."""
        run = run or self.run
        fits = self.clean(run).final["j1"] >= T["clean_fit"]
        return "" if fits else f"{run.loss} underfitted: it does not fit clean labels either"

    def idle(self, run: Run | None = None) -> str:
        """Why a run cannot support a claim about resistance (an idle network resists everything), or ''."""
        run = run or self.run
        if run.collapsed:
            return f"{run.loss} collapsed: the network never left chance, or went back to it"
        try:
            why = self.unfit(run)
        except NotThere as error:
            return f"whether {run.loss} underfits is open: {error}"
        if not why and run.final["fitted"] < self.clean(run).final["j1"] - T["underfit"]:
            return f"{run.loss} underfitted: it does not fit the clean examples either"
        return why


def only_active(passed: bool, statistics: dict, idle: str) -> Finding:
    """The finding of a rule that networks may fail but not pass where there is this reason."""
    return Finding(None if passed and idle else bool(passed), statistics, idle)


def compared(passed: bool, statistics: dict, bench: Bench) -> Finding:
    """The same for a rule that compares with the run on clean labels: nothing follows where that one has not learned them."""
    why = bench.unfit()
    return Finding(None, statistics, why) if why else only_active(passed, statistics, bench.idle())


def memorizes(bench: Bench) -> Finding:
    """C1, C2, C4: nearly all training labels are fitted, the wrong ones among them."""
    j1, m, rise = bench.run.final["j1"], bench.run.final["memorized"], bench.run.rise
    passed = bool(j1 >= T["near_all"] and m >= T["memorized"])
    short = not passed and rise > T["rising"]
    statistics = {"j1": j1, "memorized": m, "rise": rise}
    return Finding(None if short else passed, statistics, SHORT if short else "")


def takes_longer(bench: Bench) -> Finding:
    """C3: J1 gets near 1 later with more noise; an epoch not reached yet is later than all, if J1 is on its way."""
    if bench.run.loss == "mse" and bench.run.record.spec["dataset"] in MNIST:
        return Finding(None, {}, "the paper excepts the squared error on MNIST: it does not get there")
    runs = [bench.get(bench.run.loss, eta) for eta in ETAS]
    epochs = [run.reached for run in runs]
    statistics = {f"epoch_at_eta_{run.eta:g}": epoch for run, epoch in zip(runs, epochs, strict=True)}
    statistics |= {f"training_epoch_at_eta_{run.eta:g}": run.training_reached for run in runs}
    reached = [(run, epoch) for run, epoch in zip(runs, epochs, strict=True) if epoch < math.inf]
    if not reached:
        return Finding(None, statistics, "J1 got near 1 at no noise rate")
    if all(run.by_schedule(epoch) for run, epoch in reached):
        return Finding(None, statistics, "J1 gets there right after a drop of the learning rate")
    gap = epochs[0] - runs[0].before(epochs[0]) if epochs[0] < math.inf else 1
    if len(set(epochs)) == 1 and gap > 1:
        return Finding(None, statistics, "the evaluations are too far apart to tell which came first")
    stuck = [run.eta for run, epoch in zip(runs, epochs, strict=True) if epoch == math.inf and not run.rise > T["rising"]]
    why = f"J1 is not on its way to 1 at eta {stuck[0]:g}" if stuck else ""
    return only_active(epochs[0] <= epochs[1] <= epochs[2] and epochs[0] < epochs[2], statistics, why)


def high_not_all(bench: Bench) -> Finding:
    """C5: cross entropy memorizes, and the squared error gets high and stays below."""
    j1, rise = bench.run.final["j1"], bench.run.rise
    statistics = {"j1": j1, "memorized": bench.run.final["memorized"], "rise": rise}
    if j1 >= T["near_all"]:
        return Finding(False, statistics)
    other = memorizes(Bench(bench.get("cce", bench.run.eta), {}, {}))
    if other.passed is not True:
        return Finding(None, statistics, other.why or "cross entropy does not memorize here either")
    if rise > T["rising"]:
        return Finding(None, statistics, SHORT)
    return Finding(bool(j1 >= T["high"]), statistics)


def drop(bench: Bench, run: Run | None = None) -> float:
    """J1 on clean labels less J1 with noise, of the same loss."""
    run = run or bench.run
    return float(bench.clean(run).final["j1"] - run.final["j1"])


def well_below_clean(bench: Bench) -> Finding:
    """C6: noise lowers J1 by at least half of eta; beside it, the part of that on mislabeled examples."""
    found = drop(bench)
    of_mislabeled = bench.run.rate * float(bench.clean().final["j1"] - bench.run.final["memorized"])
    statistics = {"drop": found, "of_mislabeled": of_mislabeled, "j1": bench.run.final["j1"]}
    return compared(found >= T["drop_share"] * bench.run.eta, statistics, bench)


def drop_is_eta(bench: Bench) -> Finding:
    """C7: that drop is the noise rate; ``ideal`` is the drop of a network blind to the wrong labels."""
    found, e, k = drop(bench), bench.run.rate, bench.run.classes
    ideal = e * (k * bench.clean().final["j1"] - 1) / (k - 1)
    statistics = {"drop": found, "noise_rate": e, "ideal": ideal}
    return compared(abs(found - e) <= T["close"], statistics, bench)


def true_below_training(bench: Bench) -> Finding:
    """C8: the final J2 is below J1 by half of the noise rate."""
    gap = bench.run.final["j1"] - bench.run.final["j2"]
    statistics = {"j1_minus_j2": gap, "noise_rate": bench.run.rate}
    return Finding(bool(gap >= T["drop_share"] * bench.run.rate), statistics)


def true_above_training(bench: Bench) -> Finding:
    """C9: the final network gives more mislabeled examples their true label than their wrong one; a tie tells nothing."""
    m, r = bench.run.final["memorized"], bench.run.final["recovered"]
    statistics = {"recovered": r, "memorized": m}
    if not beats(r, m, bench.run.mislabeled) and not beats(m, r, bench.run.mislabeled):
        return Finding(None, statistics, bench.idle() or TIE)
    return only_active(r > m, statistics, bench.idle())


def always_above(bench: Bench) -> Finding:
    """C10: so it is at every evaluation from the one that first left chance on; a tie tells nothing."""
    run = bench.run
    away = run.evaluations[(~run.at_chance).cummax()]
    against = sum(beats(m, r, run.mislabeled) for m, r in zip(away["memorized"], away["recovered"], strict=True))
    share = float((away["recovered"] > away["memorized"]).mean()) if len(away) else math.nan
    statistics = {"share_above": share, "passes_against": against, "passes": len(away)}
    if against == 0 and share < 1:
        return Finding(None, statistics, bench.idle() or TIE)
    return only_active(against == 0, statistics, bench.idle())


def crosses_over(bench: Bench) -> Finding:
    """C11: true labels lead in some early passes, wrong ones in every pass from the crossover on."""
    run, first = bench.run, bench.run.crossover
    triples = list(zip(run.evaluations["epoch"], run.evaluations["memorized"], run.evaluations["recovered"], strict=True))
    early = sum(beats(r, m, run.mislabeled) for epoch, m, r in triples if epoch < first)
    stays = all(beats(m, r, run.mislabeled) for epoch, m, r in triples if epoch >= first)
    statistics = {"early_passes": early, "crossover_epoch": first}
    if first == math.inf:
        short = run.rise > T["rising"]
        return Finding(None if short else False, statistics, SHORT if short else "")
    statistics["schedule_triggered"] = run.by_schedule(first)
    return Finding(early >= T["early_epochs"] and stays, statistics)


def true_near_clean(bench: Bench) -> Finding:
    """C12: J2 with noise is close to J1 on clean labels; but so it is with two that learned little."""
    j2, clean = bench.run.final["j2"], bench.clean().final["j1"]
    return only_active(j2 >= clean - T["close"], {"j2": j2, "clean_j1": clean}, bench.idle())


def like_rll(bench: Bench) -> Finding:
    """C13: normalized MSE drops as C6 asks, and its excess memorization is nearer to RLL's than to MSE's."""
    rll, mse, found = bench.get("rll", bench.run.eta), bench.get("mse", bench.run.eta), drop(bench)
    x = bench.run.excess
    statistics = {"drop": found, "excess": x, "excess_minus_rll": x - rll.excess, "excess_minus_mse": x - mse.excess}
    if found < T["drop_share"] * bench.run.eta:
        return compared(False, statistics, bench)
    if why := bench.idle(rll) or ("" if math.isfinite(x) else TWO_CLASSES):
        return Finding(None, statistics, why)
    if mse.excess - rll.excess <= T["excess"]:
        return Finding(None, statistics, ALIKE)
    return compared(abs(x - rll.excess) < abs(x - mse.excess), statistics, bench)


def as_accurate(bench: Bench) -> Finding:
    """C16: accuracy on test images as without noise; beside it, an oracle that saw clean examples only."""
    run, clean = bench.run, bench.clean()
    gap = run.final["test_accuracy"] - clean.final["test_accuracy"]
    statistics = {"test_accuracy": run.final["test_accuracy"], "minus_clean": gap}
    oracle = bench.oracles.get((run.loss, run.eta))
    if oracle:
        bench.used.append(oracle.key)
        statistics["minus_oracle"] = run.final["test_accuracy"] - oracle.final["test_accuracy"]
        statistics["within_oracle"] = bool(abs(statistics["minus_oracle"]) <= T["test"])
    return compared(abs(gap) <= T["test"], statistics, bench)


def resists(bench: Bench) -> Finding:
    """C17: the drop of C6 and the lead of C9 together."""
    found, m, r = drop(bench), bench.run.final["memorized"], bench.run.final["recovered"]
    passed = found >= T["drop_share"] * bench.run.eta and beats(r, m, bench.run.mislabeled)
    return compared(passed, {"drop": found, "recovered": r, "memorized": m}, bench)
