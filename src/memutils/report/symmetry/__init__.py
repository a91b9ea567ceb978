"""The chapter on what decides: symmetry, a bound, or weights.

In: the records of the scales ``symmetry``, ``plane`` and ``even``. Out: its figures, tables,
sentences and regression. Begin with ``ablation`` for the pairs, with ``plane`` for all losses, with
``weights`` for what parts weight from symmetry.
"""
