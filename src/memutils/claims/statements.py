"""Every claim, primary ones first, then in the paper's order."""

from memutils.claims.claim import MATHEMATICS, PRIMARY, SUPPORTING, Claim, Part
from memutils.claims.section2 import PRIMARIES_AND_FIGURES
from memutils.claims.section3 import THEORY

CLAIMS = (*PRIMARIES_AND_FIGURES, *THEORY)

__all__ = ["CLAIMS", "MATHEMATICS", "PRIMARY", "SUPPORTING", "Claim", "Part"]
