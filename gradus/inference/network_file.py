"""A network from a file of either format, by its name or its first word."""

from __future__ import annotations

import os
from pathlib import Path

from gradus.inference.bif import read_bif
from gradus.inference.network import Network
from gradus.inference.source_text import read_text
from gradus.inference.uai import read_uai

__all__ = ["read_network"]


def read_network(file: str | os.PathLike[str]) -> Network:
    """A network from a BIF or a UAI file, plain or packed by gzip.

    Args:
        file: its path. Where the name ends neither in .bif nor in .uai (or those with .gz), a text that begins with MARKOV or
            BAYES is read as UAI, any other as BIF.

    Raises:
        GradusError: as `read_bif` and `read_uai`.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     place = pathlib.Path(folder, "model.txt")
        ...     _ = place.write_text("MARKOV 1 2 1 1 0 2 1 3")
        ...     read_network(place).variables
        ('0',)
    """
    name = Path(file).name.lower().removesuffix(".gz") if isinstance(file, (str, os.PathLike)) else ""
    if name.endswith(".uai"):
        return read_uai(file)
    if name.endswith(".bif"):
        return read_bif(file)
    words = read_text(file)[1][:200].split()
    return read_uai(file) if words and words[0].upper() in ("MARKOV", "BAYES") else read_bif(file)
