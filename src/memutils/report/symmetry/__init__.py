"""The chapter on what decides: symmetry, a bound, or weights.

In: the records of the scales ``symmetry`` and ``plane``. Out: its figures, tables, sentences and
regression. Begin with ``ablation`` for the pairs, with ``plane`` for all losses.
"""
