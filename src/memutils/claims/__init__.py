"""The paper's claims, judged by the records.

In: the records of runs (``memutils.runs.records``). Out: a verdict per claim and network, as a
table (``results/claims.json``). Begin with ``section2``, ``section3`` and ``primary``, which say
what is claimed; ``thresholds`` holds the numbers, ``rules`` decides, ``table`` adds up.
"""
