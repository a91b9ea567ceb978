"""The chapter on the number of images.

In: the records of scale ``size``. Out: its figure, tables and sentences. Begin with ``chapter``.
"""
