"""The start page: the answer figure and the sentences of the answer.

In: records and verdicts. Out: a figure and Markdown, every number of which is a record's.
Begin with ``sentences``; ``rows`` has the runs that ``drawings`` draws.
"""
