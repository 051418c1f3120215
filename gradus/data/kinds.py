"""Every kind of data set by its name: arrays, sentences, characters."""

from __future__ import annotations

from pathlib import Path

from gradus.data import characters, sentences
from gradus.data.dataset import Dataset
from gradus.data.reading import located
from gradus.data.registry import entry_of
from gradus.data.sets import load
from gradus.data.store import data_directory

AnyData = Dataset | sentences.Sentences | characters.Characters


def load_any(name: str, data_dir: str | Path | None = None) -> AnyData:
    """A data set of any kind: what `gradus.data.load` knows, the sentences of rt-polarity, or a text.

    Raises:
        GradusError: it is unknown, is not there, or is another one.
    """
    if name == sentences.NAME:
        return sentences.load_sentences(data_dir)
    if name in characters.TEXTS:
        return characters.load_characters(name, data_dir)
    return load(name, data_dir)


def is_present(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether a data set of any kind can be loaded without a download.

    Raises:
        GradusError: it is unknown, or a folder cannot be read.
    """
    if name == sentences.NAME:
        return sentences.sentences_present(data_dir)
    if name in characters.TEXTS:
        return characters.characters_present(name, data_dir)
    entry = entry_of(name)
    return entry.embedded or None not in located(entry, data_directory(data_dir))
