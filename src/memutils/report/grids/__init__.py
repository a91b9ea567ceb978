"""The chapters on MNIST and on CIFAR-10.

In: the grids' records. Out: the chapters' sentences, tables and images. Begin with ``chapters``.
"""
