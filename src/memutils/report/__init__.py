"""What a reader sees: figures, tables and sentences.

In: records (``memutils.runs.records``) and verdicts (``memutils.claims``). Out: parts of the
book's pages. Begin with ``plots`` for figures and ``claims_page`` for the page of the claims.
"""
