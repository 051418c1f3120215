"""Formulas as they are shown: LaTeX in the records, MathML on pages, Unicode in terminals."""

from gradus.catalogue.formulas.compiled import (
    DATA,
    mathml,
    prose_html,
    prose_text,
    unicode_text,
)

__all__ = ["DATA", "mathml", "prose_html", "prose_text", "unicode_text"]
