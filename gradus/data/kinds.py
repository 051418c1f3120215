"""Every kind of data set by its name: arrays, sentences, characters, graphs, tasks that are drawn."""

from __future__ import annotations

from pathlib import Path

from gradus.data import characters, sentences
from gradus.data.dataset import Dataset, Task
from gradus.data.generated import GENERATED, Generated
from gradus.data.graph_folder import is_graph_folder, read_graph_folder
from gradus.data.graphs import GRAPHS, NodeGraph, load_graph
from gradus.data.of_user import is_path, load_own
from gradus.data.reading import located
from gradus.data.registry import entry_of
from gradus.data.sets import load
from gradus.data.store import data_directory
from gradus.files import user_path

AnyData = Dataset | sentences.Sentences | characters.Characters | NodeGraph | Generated


def load_any(name: str, data_dir: str | Path | None = None, task: Task = "classification") -> AnyData:
    """A data set of any kind: what `gradus.data.load` knows, rt-polarity, a text, a graph, a task that is drawn, or a user's own.

    Args:
        name: of a data set, or the path of a folder of images, of one with edges.csv and nodes.csv, or of a CSV file.
        data_dir: the folder of downloaded data.
        task: what a user's own data are read for.

    Raises:
        GradusError: it is unknown, is not there, or is another one.
    """
    if name == sentences.NAME:
        return sentences.load_sentences(data_dir)
    if name in characters.TEXTS:
        return characters.load_characters(name, data_dir)
    if name in GRAPHS:
        return load_graph(name, data_dir)
    if name in GENERATED:
        return GENERATED[name]
    if not is_path(name):
        return load(name, data_dir)
    path = user_path(name)
    return read_graph_folder(path) if is_graph_folder(path) else load_own(name, task)


def is_present(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether a data set of any kind can be loaded without a download.

    Raises:
        GradusError: it is unknown, or a folder cannot be read.
    """
    if name == sentences.NAME:
        return sentences.sentences_present(data_dir)
    if name in characters.TEXTS:
        return characters.characters_present(name, data_dir)
    if name in GENERATED:
        return True
    if is_path(name):
        return user_path(name).exists()
    entry = entry_of(name)
    return entry.embedded or None not in located(entry, data_directory(data_dir))
