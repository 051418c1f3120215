"""Words that a page gives in English: read as `Text`, their Chinese is put in when the page is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

from gradus.text import Text

Record = TypeVar("Record")


class Rendered(Text):
    """Words given in English alone; `zh` is the English until the page's `.zh.md` has been read."""

    __slots__ = ()


def rendered(words: str | Text) -> Text:
    """A `Text` as it is; English words as a `Text` that waits for its Chinese."""
    return words if isinstance(words, Text) else Rendered(words, words)


class Words:
    """Type of a record's field that takes English, or a whole `Text`, and reads as `Text`."""

    def __init__(self, name: str, default: str | None = None) -> None:
        self.name, self.default = name, default

    def __get__(self, record: object, owner: type | None = None) -> Text:
        if record is not None:
            words: Text = record.__dict__[self.name]
            return words
        if self.default is None:
            raise AttributeError(self.name)
        return rendered(self.default)

    def __set__(self, record: object, words: str | Text) -> None:
        record.__dict__[self.name] = rendered(words)


class ManyWords:
    """Type of a record's field that takes English sentences, or `Text`s, one or several, and reads as a tuple of `Text`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, record: object, owner: type | None = None) -> tuple[Text, ...]:
        return () if record is None else record.__dict__[self.name]

    def __set__(self, record: object, words: str | Text | Sequence[str | Text]) -> None:
        several = (words,) if isinstance(words, (str, Text)) else words
        record.__dict__[self.name] = tuple(rendered(w) for w in several)


@dataclass_transform(field_specifiers=(field,))
def bilingual(*, frozen: bool) -> Callable[[type[Record]], type[Record]]:
    """Makes a dataclass whose fields annotated with `Words` take English and read as `Text`."""

    def make(record: type[Record]) -> type[Record]:
        names = [n for n, kind in record.__annotations__.items() if kind == "Words" and n not in vars(record)]
        made = dataclass(frozen=frozen)(record)
        for name in names:
            setattr(made, name, Words(name))
        return made

    return make
