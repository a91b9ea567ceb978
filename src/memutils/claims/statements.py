"""Every claim, primary ones first, then in the paper's order."""

from memutils.claims.claim import MATHEMATICS, PRIMARY, SUPPORTING, Claim, Part
from memutils.claims.primary import PRIMARIES
from memutils.claims.section2 import EXPERIMENTS
from memutils.claims.section3 import THEORY

CLAIMS = (*PRIMARIES, *EXPERIMENTS, *THEORY)

__all__ = ["CLAIMS", "MATHEMATICS", "PRIMARY", "SUPPORTING", "Claim", "Part"]
