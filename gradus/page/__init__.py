"""What a page is made of: the record, the decorators, evidence and figures."""

from gradus.areas import AREAS
from gradus.page.concept import Concept
from gradus.page.evidence import Evidence
from gradus.page.figures import Drawing, Slider
from gradus.page.generic import generic
from gradus.page.record import (
    Arguments,
    Case,
    Claim,
    ConceptKind,
    Convention,
    Cost,
    Erratum,
    Hypothesis,
    Implementation,
    Mutant,
    Proof,
    Reading,
    Result,
    Symbol,
)
from gradus.text import Text

__all__ = [
    "AREAS",
    "Arguments",
    "Case",
    "Claim",
    "Concept",
    "ConceptKind",
    "Convention",
    "Cost",
    "Drawing",
    "Erratum",
    "Evidence",
    "Hypothesis",
    "Implementation",
    "Mutant",
    "Proof",
    "Reading",
    "Result",
    "Slider",
    "Symbol",
    "Text",
    "generic",
]
