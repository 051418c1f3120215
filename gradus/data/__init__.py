"""Data sets: embedded ones, downloaded ones, and those in a folder of your own."""

from gradus.data.dataset import Dataset
from gradus.data.idx import read_idx
from gradus.data.sets import Listed, list_datasets, load
from gradus.data.store import data_directory

__all__ = ["Dataset", "Listed", "data_directory", "list_datasets", "load", "read_idx"]
