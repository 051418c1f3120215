"""The words within formulas, texts: found, and put in Chinese.

In the `.zh.md` an entry `formula WORDS` holds the Chinese of one such text; the mathematics around it is the same in
both languages and stands once, in the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: Abbreviations and names that stand in Chinese formulas as they are.
ABBREVIATIONS = frozenset(
    [
        "in",
        "out",
        "th",
        "RSS",
        "TSS",
        "SSB",
        "SSW",
        "KL",
        "JS",
        "TP",
        "FP",
        "FN",
        "TPR",
        "FPR",
        "AUC",
        "ECE",
        "ESS",
        "MCSE",
        "SCE",
        "CV",
        "DFT",
        "CGS",
        "ISTA",
        "FISTA",
        "MGS",
        "bit",
        "nat",
        "one-hot",
        "ReLU",
        "Xavier",
        "He",
        "Huber",
        "Welch",
        "Welford",
        "Wilson",
        "Kahan",
        "Schwarz",
    ]
)

_TEXT = re.compile(r"(\\(?:text|textrm|textit|textbf|mathrm|mbox)\s*\{)((?:[^{}]|\{[^{}]*\})*)(\})")
_WORD = re.compile(r"[A-Za-z][A-Za-z-]*[A-Za-z]")


def foreign_words(latex: str) -> list[str]:
    """The English words that a formula prints, but for the abbreviations."""
    texts = (re.sub(r"\$[^$]*\$", " ", text) for _, text, _ in _TEXT.findall(latex))
    return [word for text in texts for word in _WORD.findall(text) if word not in ABBREVIATIONS]


def english_texts(formulas: Iterable[str]) -> list[str]:
    """The texts within formulas that need Chinese, each once."""
    pieces = (match.group() for latex in formulas for match in _TEXT.finditer(latex))
    return list(dict.fromkeys(_name(piece) for piece in pieces if foreign_words(piece)))


def in_chinese(latex: str, chinese: Mapping[str, str]) -> str:
    """The formula with its texts in Chinese, so far as there is any."""

    def rendered(match: re.Match[str]) -> str:
        opening, text, closing = match.groups()
        words = chinese.get(text.strip())
        if words is None:
            return match.group()
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        after = "" if words[-1] in "：，；。）" else after
        return f"{opening.replace('mathrm', 'text')}{before}{words}{after}{closing}"

    return _TEXT.sub(rendered, latex)


def _name(piece: str) -> str:
    match = _TEXT.fullmatch(piece)
    return match.group(2).strip() if match else piece
