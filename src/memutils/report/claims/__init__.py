"""The page of the claims.

In: verdicts (``memutils.claims``) and what judged the judge. Out: the strip, a row for each claim,
figures, what the sliders look up. Begin with ``page``.
"""
