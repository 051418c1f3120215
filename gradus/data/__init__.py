"""Data sets: embedded ones, downloaded ones, and those in a folder of your own; arrays, sentences, characters and graphs."""

from gradus.data.archive import Limits, extract
from gradus.data.arrays import read_npy
from gradus.data.characters import Characters, load_characters
from gradus.data.dataset import Dataset
from gradus.data.fetching import fetch
from gradus.data.graphs import NodeGraph, load_graph
from gradus.data.idx import read_idx
from gradus.data.sentences import Sentences, load_sentences
from gradus.data.sets import Listed, list_datasets, load
from gradus.data.store import data_directory

__all__ = [
    "Characters",
    "Dataset",
    "Limits",
    "Listed",
    "NodeGraph",
    "Sentences",
    "data_directory",
    "extract",
    "fetch",
    "list_datasets",
    "load",
    "load_characters",
    "load_graph",
    "load_sentences",
    "read_idx",
    "read_npy",
]
