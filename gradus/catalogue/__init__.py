"""Finds the concepts; the roadmap's graph, learning paths, search and references."""

from gradus.catalogue.graph import Catalogue, order
from gradus.catalogue.pages import load
from gradus.catalogue.references import citation, references

__all__ = ["Catalogue", "citation", "load", "order", "references"]
