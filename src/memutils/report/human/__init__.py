"""The chapter on labels from people.

In: counts of CIFAR-10N and the records of its three arms. Out: a picture, a table, claim H1 in
words. Begin with ``labels``, and with ``arms`` for the runs.
"""
