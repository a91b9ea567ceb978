"""Does the loss function decide what a network memorizes? The package behind the book."""

__version__ = "0.1.0"
