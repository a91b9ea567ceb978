"""The chapter on the loss or the step size, and on early stopping.

In: the records of the scales ``steps`` and ``steps-cnn``. Out: its figures, tables and sentences,
and the checks of its two propositions. Begin with ``data``, then ``verdict``.
"""
