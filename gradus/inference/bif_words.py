"""The words of a BIF file one after the other, with an error that says where."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, NamedTuple

from gradus.errors import GradusError
from gradus.inference.bayesian_network import ROUNDING
from gradus.inference.source_text import at_place
from gradus.text import Text

__all__ = ["Entries", "Reader", "Token"]

WORD = r"""[^\s{}()\[\];,|"]+"""
QUOTED = r"""\"(?:[^"\\]|\\.)*\""""
BLANK = r"(?:\s+|//[^\n]*|/\*[\s\S]*?\*/)"
TOKENS = re.compile(rf"{BLANK}+|({QUOTED}|[{{}}()\[\];,|]|(?!/\*|//){WORD}|[\s\S])", re.DOTALL)
MARKS = frozenset("{}()[];,|")


class Token(NamedTuple):
    """A word of the text, its place among the words, and whether it is a mark of punctuation or stood in quotes."""

    text: str
    place: int
    kind: str


class Entries(NamedTuple):
    """Numbers, and their places among the words."""

    values: list[float]
    places: list[int]


class Reader:
    """Takes the words of a BIF text one after the other."""

    def __init__(self, where: Path, text: str) -> None:
        self.where, self.text, self.at = where, text, 0
        self.words: list[str] = [word for word in TOKENS.findall(text) if word]
        for broken in (
            '"',
            "/",
        ):  # of a quote or a comment that is not closed only the first character is taken
            if broken in self.words:
                place = self.words.index(broken)
                raise self.error(
                    Token(broken, place, "word"), ("a quote or comment that is closed", "闭合的引号或注释")
                )

    def error(
        self, token: Token, expected: tuple[str, str], got: Any = None, mend: tuple[str, str] = ("", "")
    ) -> GradusError:
        """The error for a token."""
        offset, k = len(self.text), 0
        for match in TOKENS.finditer(self.text):  # found again only when something is wrong
            if match.group(1):
                if k == token.place:
                    offset = match.start()
                    break
                k += 1
        came = (
            got if got is not None else token.text if token.kind else Text("the end of the file", "文件末尾")
        )
        return at_place(self.where, self.text, offset, expected, came, mend)

    def peek(self) -> Token:
        """The next token; at the end one of no kind."""
        if self.at >= len(self.words):
            return Token("", len(self.words), "")
        word = self.words[self.at]
        if word in MARKS:
            return Token(word, self.at, "mark")
        if word[0] == '"':
            return Token(re.sub(r"\\(.)", r"\1", word[1:-1]), self.at, "quoted")
        return Token(word, self.at, "word")

    def next_is(self, mark: str) -> bool:
        """Whether a mark comes next."""
        return self.at < len(self.words) and self.words[self.at] == mark

    def take(self) -> Token:
        """The next token, passed."""
        token = self.peek()
        self.at += 1
        return token

    def mark(self, *marks: str) -> str:
        """One of some marks.

        Raises:
            GradusError: something else stands there.
        """
        token = self.take()
        if token.kind != "mark" or token.text not in marks:
            several = " or ".join(f"'{m}'" for m in marks), " 或 ".join(f"'{m}'" for m in marks)
            raise self.error(token, several)
        return token.text

    def keyword(self, *words: str) -> Token:
        """One of some words.

        Raises:
            GradusError: something else stands there.
        """
        token = self.take()
        if token.kind != "word" or token.text not in words:
            raise self.error(token, (" or ".join(words), " 或 ".join(words)))
        return token

    def name(self, what: tuple[str, str]) -> Token:
        """A name, in quotes or not.

        Raises:
            GradusError: something else stands there.
        """
        token = self.take()
        if token.kind not in ("word", "quoted") or not token.text:
            raise self.error(token, what)
        return token

    def names(self, end: str, what: tuple[str, str]) -> list[Token]:
        """Names up to a mark, with commas between them or without."""
        found: list[Token] = []
        while not self.next_is(end):
            if found and self.next_is(","):
                self.at += 1
            found.append(self.name(what))
        self.take()
        return found

    def numbers(self) -> Entries:
        """Numbers up to the semicolon, with commas between them or without.

        Raises:
            GradusError: one is no probability.
        """
        start = self.at
        try:
            self.at = self.words.index(";", start) + 1
        except ValueError:
            self.at = len(self.words)
            raise self.error(self.peek(), ("';' after the numbers", "数字后的 ';'")) from None
        places = [i for i in range(start, self.at - 1) if self.words[i] != ","]
        values = []
        for i in places:
            word = self.words[i]
            try:
                value = float(word) if "_" not in word else math.nan
            except ValueError:
                value = math.nan
            if not 0 <= value <= 1 + ROUNDING:
                raise self.error(
                    Token(word, i, "word"), ("a probability between 0 and 1", "0 与 1 之间的概率")
                )
            values.append(value)
        return Entries(values, places)

    def skip_property(self) -> None:
        """A property up to its semicolon: free text, in which marks other than braces mean nothing."""
        end = next(
            (i for i in range(self.at, len(self.words)) if self.words[i] in (";", "{", "}")), len(self.words)
        )
        self.at = end
        if not self.next_is(";"):
            raise self.error(self.peek(), ("';' after the property", "property 之后的 ';'"))
        self.at += 1
