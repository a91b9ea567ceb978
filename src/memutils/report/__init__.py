"""Pages of the book: what comes in are records and verdicts, what comes out are figures, tables and
sentences.

Where to begin: ``claims_page`` for the page of the claims.
"""
