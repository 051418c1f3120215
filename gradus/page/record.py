"""The rows of a page's record: symbols, implementations, claims, mutants, errata."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gradus.errors import GradusError
from gradus.page.bilingual import Words, bilingual
from gradus.page.evidence import Evidence
from gradus.text import Text

ConceptKind = Literal["definition", "theorem", "algorithm", "layer", "model", "system"]
Cost = Literal["quick", "slow", "gpu"]
Nonfinite = Literal["", "nan", "all"]
Domain = Literal[
    "real",
    "positive",
    "nonnegative",
    "unit",
    "simplex",
    "integer",
    "natural",
    "boolean",
    "index",
    "function",
    "other",
]


@bilingual(frozen=True)
class Symbol:
    """One row of the symbol table: the bridge between the formula's letter and the code's argument.

    Attributes:
        symbol: LaTeX of the letter.
        argument: name of the definition's argument; "" for a letter of the formula that is not one (a result, an index).
        shape: dimensions by name, as in jaxtyping: "" for a number, "n d", "... n d" where leading batch
            dimensions are allowed; "function" for a callable.
        meaning: what it is.
        domain: which numbers it may be; decides what the verifier draws, and whether it is differentiated.
            "index" are integers in 0…; "simplex" sums to one over the last axis; "unit" lies in [0, 1].
        unit: physical or information unit.
    """

    symbol: str
    argument: str
    shape: str
    meaning: Words
    domain: Domain = "real"
    unit: str = ""

    @property
    def batched(self) -> bool:
        """Whether any leading dimensions are allowed."""
        return self.shape.startswith("...")

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The named dimensions, without the leading dots."""
        return tuple(d for d in self.shape.split() if d != "...")


@bilingual(frozen=True)
class Implementation:
    """What a practitioner should use: `path` is "module:name", imported only when it is called.

    Where its signature differs from the definition's, `call(function, **arguments)` bridges the two:
    it receives every argument of the definition by name, as arrays of the implementation's own framework.
    `framework` is "numpy" for functions that take arrays, "torch" or "jax" for those that take tensors.
    """

    path: str
    framework: str = "torch"
    call: Callable[..., Any] | None = None
    note: Words = Words("note", default="")


@dataclass(frozen=True)
class Reading:
    """Where else to read: a key of the references, and the place in it."""

    source: str
    place: str = ""


class Readings:
    """Type of a record's field that takes `"KEY PLACE; KEY PLACE"`, or `Reading`s, and reads as a tuple of `Reading`."""

    def __get__(self, record: object, owner: type | None = None) -> tuple[Reading, ...]:
        return () if record is None else record.__dict__["readings"]

    def __set__(self, record: object, readings: str | Sequence[Reading]) -> None:
        if isinstance(readings, str):
            readings = [self._reading(words) for words in readings.split(";")]
        record.__dict__["readings"] = tuple(readings)

    @staticmethod
    def _reading(words: str) -> Reading:
        key, _, place = words.strip().partition(" ")
        if not key or re.search(r"\b[a-z]+\d{4}[a-z]+", place):
            raise GradusError(
                Text(
                    f"expected readings as 'KEY PLACE; KEY PLACE', got {words.strip()!r}; part them by ';'",
                    f"readings 应写成 'KEY PLACE; KEY PLACE'，得到 {words.strip()!r}；请以 ';' 分隔",
                )
            )
        return Reading(key, place)


@bilingual(frozen=True)
class Result:
    """One of several results of a definition: its name, its shape as a symbol's (`steps+1` too), and what it is."""

    name: str
    shape: str
    meaning: Words


@bilingual(frozen=True)
class Hypothesis:
    """What a theorem or formula assumes, and the claims or mutants "one, another" that show what happens without it."""

    statement: Words
    dropped_by: str

    @property
    def witnesses(self) -> tuple[str, ...]:
        """The names of the claims and mutants that drop it."""
        return tuple(name.strip() for name in self.dropped_by.split(",") if name.strip())


@bilingual(frozen=True)
class Convention:
    """A choice that frameworks and texts make differently: what is chosen, how it is here, how elsewhere (and where)."""

    subject: Words
    here: Words
    elsewhere: Words


@bilingual(frozen=True)
class Proof:
    """A theorem's proof in words and `$…$`; or, where it is long, only the exact place where it stands."""

    text: Words
    place: str = ""


Arguments = dict[str, Any]
Case = tuple[str, Arguments]


@bilingual(frozen=True)
class Claim:
    """What must be true of every right implementation: `measure(implementation, rng) -> Evidence`."""

    name: str
    statement: Words
    measure: Callable[..., Evidence]
    cost: Cost = "quick"
    required: bool = (
        True  # False where a right implementation may lack it (memory): for a user's it is then a remark
    )
    of_definition: bool = True  # False where the literal definition is not meant to have the property (memory, speed, stability)
    universal: bool = False  # one of the claims that every concept gets

    @property
    def source(self) -> str:
        """The claim's own code."""
        return inspect.getsource(self.measure)


@bilingual(frozen=True)
class Mutant:
    """A wrong variant of the definition, and the claims that must catch it."""

    name: str
    description: Words
    function: Callable[..., Any]
    caught_by: tuple[str, ...]


@bilingual(frozen=True)
class Erratum:
    """A wrong form in circulation: how it reads, why it fails (computed by the named claims), what is right."""

    number: str
    common: Words
    why: Words
    right: Words
    claims: tuple[str, ...]
