"""Finds the concepts; the roadmap's graph, learning paths, search and references."""

from gradus.catalogue.entry import Entry
from gradus.catalogue.graph import Catalogue, order
from gradus.catalogue.index import concept, entries
from gradus.catalogue.pages import load
from gradus.catalogue.references import citation, references

__all__ = ["Catalogue", "Entry", "citation", "concept", "entries", "load", "order", "references"]
