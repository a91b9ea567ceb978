"""A low risk is memorization: the paper's explanation (claim E1) on pairs of recorded networks, one
trained with RLL and one with CCE on the same labels.
"""

import pandas as pd

from memutils.claims.selection import COLUMNS, MAIN, Pool, column
from memutils.claims.statements import CLAIMS
from memutils.claims.table import judge
from memutils.claims.thresholds import LIMITS
from memutils.report.claims.vocabulary import VERBS
from memutils.report.theory.theorem_checks import cost
from memutils.words import listed, share

MINIMA = (
    "The lowest empirical risk belongs to memorizers, so global minima do not explain resistance."
    " The paper speaks of local minima; whether training with RLL stops near a local minimum of"
    " the clean risk is not tested."
)
"""What low risks of memorizers say of the paper's explanation, and what they leave open."""


def pairs(pool: Pool) -> pd.DataFrame:
    """E1's pairs of networks, one trained with RLL and one with CCE on the same labels.

    Both RLL risks on the training labels, the share of the wrong labels that CCE's leaves
    unmemorized at most by the proposition, and the share that it does leave.
    """
    runs, rows = {run.name: run for run in pool.runs}, []
    for verdict in judge(pool, LIMITS, COLUMNS, tuple(c for c in CLAIMS if c.id == "E1")):
        for cell in verdict.cells:
            mine, other = (runs[name] for name in cell.records)
            risks = cell.finding.statistics
            bound = cost(mine.spec["loss_parameters"]["alpha"], mine.classes)
            rows.append(
                {"network": column(verdict.column).title}
                | {"learning rate": cell.learning_rate, "eta": cell.eta}
                | {"seed": cell.seed, "state": cell.finding.state, "E1": verdict.word}
                | {"RLL risk, trained with RLL": risks["risk_rll"]}
                | {"RLL risk, trained with CCE": risks["risk_cce"]}
                | {"unmemorized at most": min(1, risks["risk_cce"] / bound / other.noise_rate)}
                | {"unmemorized": 1 - other.columns["memorized"][other.evaluated][-1]}
            )
    return pd.DataFrame(rows)


def that_count(found: pd.DataFrame) -> int:
    """How many pairs count for the claim: the others have an inconclusive network."""
    return int(found["state"].isin(["holds", "fails"]).sum())


def of_main(found: pd.DataFrame) -> pd.DataFrame:
    """The pairs on the paper's networks, without the controls."""
    return found[found["network"].isin([c.title for c in MAIN])]


def pairs_sentence(found: pd.DataFrame) -> str:
    """In how many pairs the network trained with CCE has the lower RLL training risk,
    and what its risk proves.
    """
    if found.empty:
        return "No pair of runs with CCE and RLL at the same noise rate and seed is recorded."
    mine, other = found["RLL risk, trained with RLL"], found["RLL risk, trained with CCE"]
    lower, main = int((other < mine).sum()), of_main(found)
    bound = found["unmemorized at most"]
    there = found["unmemorized"][bound.idxmax()]
    left = (
        f" For the claim {that_count(found)} of the {len(found)} pairs count, and on the paper's"
        f" networks {that_count(main)} of {len(main)}; in the others one of the networks is"
        " underfitted or did not memorize."
        if that_count(found) < len(found)
        else ""
    )
    return (
        f"In **{lower} of {len(found)} pairs** the network trained with *CCE* has the lower *RLL*"
        f" risk on the training labels: {other.min():.3f} to {other.max():.3f} nats, against"
        f" {mine.min():.3f} to {mine.max():.3f} for the networks trained to minimize it. Pairs of"
        f" one seed share images and initial weights, so they are no independent trials.{left} A"
        " risk that low bounds what is left: by the proposition at most"
        f" {share(bound.median())} of the wrong labels are not memorized in the median pair,"
        f" and {share(bound.max())} in the pair with the highest bound (measured there:"
        f" {share(there)})."
    )


def verdict(found: pd.DataFrame) -> str:
    """The verdict on the paper's explanation (claim E1), in a sentence or two."""
    found = of_main(found) if len(found) else found
    if found.empty:
        return "The theorem holds; whether it explains the results (claim E1) is not tested."
    mine, other = found["RLL risk, trained with RLL"], found["RLL risk, trained with CCE"]
    words = "; it ".join(
        f"{VERBS.get(word, f'holds in {word}')} for {listed(rows['network'].unique())}"
        for word, rows in found.groupby("E1", sort=False)
    )
    text = (
        f"The theorem holds; as an explanation by the lowest risks (claim E1) it {words}. In"
        f" {int((other < mine).sum())} of {len(found)} pairs the network trained with CCE has the"
        f" lower RLL risk on the training labels ({that_count(found)} of these pairs count)."
    )
    return f"{text} {MINIMA}" if (other < mine).all() else text


def pairs_by_network(found: pd.DataFrame) -> pd.DataFrame:
    """The pairs counted by network and learning rate, with the largest values of each."""
    if found.empty:
        return found
    lower = found["RLL risk, trained with CCE"] < found["RLL risk, trained with RLL"]
    groups = found.assign(lower=lower).groupby(["network", "learning rate"], sort=False)
    return pd.DataFrame(
        {
            "pairs": groups.size(),
            "lower with CCE": groups["lower"].sum(),
            "CCE's RLL risk, largest": groups["RLL risk, trained with CCE"].max(),
            "unmemorized at most": groups["unmemorized at most"].max(),
            "unmemorized": groups["unmemorized"].max(),
            "E1": groups["E1"].first(),
        }
    ).reset_index()
