"""Gives every notebook a first code cell that installs the package on Colab,
once _config.yml names the repository's URL.

    python workflow/launch.py

Again after the URL or the branch changed; an empty URL takes the cells out. Binder needs no such
cell: it builds environment.yml. Anywhere but on Colab the cell does nothing.
"""

from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).parents[1]
IDENTITY = "colab"
SOURCE = """import sys

# On Colab: fetch the repository and install the package. Elsewhere nothing happens.
if "google.colab" in sys.modules:
    import os
    import subprocess

    if not os.path.isdir("repository"):  # the second time it is there
        clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", {branch!r}]
        subprocess.run([*clone, {url!r}, "repository"], check=True)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "-e", "repository"]
    subprocess.run(install, check=True)
    sys.path.insert(0, "repository/src")"""


def with_cell(notebook: nbformat.NotebookNode, url: str, branch: str) -> nbformat.NotebookNode:
    """The notebook with that cell below its title, or without it where the URL is empty."""
    notebook.cells = [cell for cell in notebook.cells if cell.id != IDENTITY]
    if url:
        source = SOURCE.format(url=url, branch=branch)
        cell = nbformat.v4.new_code_cell(source, id=IDENTITY, metadata={"tags": ["remove-cell"]})
        notebook.cells.insert(1, cell)
    return notebook


def main(root: Path = ROOT) -> None:
    """Brings every notebook in line with the setting."""
    setting = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    for path in sorted(root.glob("notebooks/*.ipynb")):
        text = path.read_text(encoding="utf-8")
        made = with_cell(nbformat.reads(text, as_version=4), setting["url"], setting["branch"])
        if made != nbformat.reads(text, as_version=4):
            nbformat.write(made, path)


if __name__ == "__main__":
    main()
