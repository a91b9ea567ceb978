"""The page that follows images through training.

In: records with what was predicted at each evaluation. Out: the wall of images with what its script
looks up, figures and sentences. Begin with ``trajectories``, then ``page``.
"""
