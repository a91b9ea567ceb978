"""Does the loss function decide what a network memorizes? The package behind the book.

Four floors, each of which uses only those before it. The core trains a network: ``losses``,
``noise``, ``models``, ``data``, ``training``. ``runs``: a specification in, a record out.
``claims``: records in, verdicts out. ``report``: records and verdicts in, pages out.
Begin with ``memutils.runs.run``, or with ``memutils.textbook`` for the training loop in one page.
"""

__version__ = "0.1.0"
