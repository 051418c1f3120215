"""Data sets: embedded ones, downloaded ones, and those in a folder of your own."""

from gradus.data.archive import Limits, extract
from gradus.data.arrays import read_npy
from gradus.data.dataset import Dataset
from gradus.data.fetching import fetch
from gradus.data.idx import read_idx
from gradus.data.sets import Listed, list_datasets, load
from gradus.data.store import data_directory

__all__ = [
    "Dataset",
    "Limits",
    "Listed",
    "data_directory",
    "extract",
    "fetch",
    "list_datasets",
    "load",
    "read_idx",
    "read_npy",
]
