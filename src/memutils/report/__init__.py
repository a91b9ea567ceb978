"""What a reader sees: figures, tables and sentences.

In: records (``memutils.runs.records``) and verdicts (``memutils.claims``). Out: parts of the
book's pages. Begin with ``looks`` and ``figures``, how a loss is drawn and a figure is shown, then
with the package of a chapter: ``start`` for the start page, ``claims`` for the page of the claims.
"""
