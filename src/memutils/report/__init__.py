"""What a reader sees: figures, tables and sentences.

In: records (``memutils.runs.records``) and verdicts (``memutils.claims``). Out: parts of the
book's pages. Begin with ``start`` for the start page, ``claims_page`` for the page of the claims,
``plots`` for curves, and ``looks`` and ``figures`` for how a loss is drawn and a figure is shown.
"""
