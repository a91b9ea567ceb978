"""The four chapters on theory.

In: the losses themselves, and recorded networks. Out: figures, tables, and checks of the statements
in symbols and numbers. Begin with ``points``, what the chapters share.
"""
