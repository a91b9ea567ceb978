"""The paper's claims, judged by the records.

What comes in: the records of the runs (``memutils.records``).
What comes out: a verdict on each claim, as a table (``claims.json``).
Where to begin: ``statements`` says what is claimed, ``thresholds`` holds the numbers, ``rules``
decides, ``table`` adds up.
"""
