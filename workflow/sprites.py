"""Writes the sprites of the page that follows images: of each set about 120 mislabeled training
images, chosen by their labels alone (``memutils.report.images.sprites``).

    MEMUTILS_DATA=... python workflow/sprites.py

It needs MNIST and CIFAR-10, and no record: which images a run is trained on follows from its
specification. The page and its readers need neither.
"""

import sys

from memutils import data
from memutils.errors import command
from memutils.report.images import sprites
from memutils.report.images.page import EMBEDDED, sprite_file
from memutils.report.images.trajectories import choices
from memutils.runs.files import results_root, write_whole


@command
def main() -> int:
    for choice in choices():
        spec = next(iter(choice.specs.values()))
        if spec.dataset != EMBEDDED:
            picture = sprites.png(*sprites.of_run(spec, data.load(spec.dataset)))
            path = results_root() / sprite_file(choice)
            write_whole(path, picture)
            print(f"{path}: {len(picture):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
