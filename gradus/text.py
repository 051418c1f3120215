"""The same words in two languages."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """The same words in English and in Chinese; `$…$` holds LaTeX, backticks hold code."""

    en: str
    zh: str

    def get(self, lang: str) -> str:
        """The words in `lang`, which is "en" or "zh"."""
        return self.zh if lang == "zh" else self.en
