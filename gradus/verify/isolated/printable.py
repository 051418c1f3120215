"""Text that comes from a user's code, made harmless: nothing in it moves a terminal's cursor or changes its state."""

from __future__ import annotations

import unicodedata

CLIPPED = 2000  # characters of what was printed that are shown


def printable(text: str) -> str:
    r"""The text with control characters written out, such as \x1b for escape; line feeds and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        ch if ch in "\n\t" or not _controls(ch) else ch.encode("unicode_escape").decode() for ch in text
    )


def _controls(character: str) -> bool:
    # Cc: escape and its kin; Cf: marks that turn the writing direction; Cs: halves that cannot be encoded
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")


def clipped(head: bytes, total: int) -> str:
    """The beginning of what was printed, and how much more there was."""
    text = printable(head.decode("utf-8", "replace"))[:CLIPPED]
    return (
        text if total <= len(head) and len(text) < CLIPPED else f"{text.rstrip()} … ({total:,} bytes in all)"
    )
