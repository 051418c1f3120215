"""What a concept is: its record, and the decorators that add the other parts of its page.

A page is a Python file `gradus/concepts/<area>/<key>.py` with the parts always in this order: record,
definition, cases, claims, mutants, errata, figure. Importing it costs NumPy only. The members of a family
share a file, or, where they are many, a folder `<area>/<family>/` with one file each.

    ENTROPY = Concept(key="entropy", kind="definition", title=Text("Entropy", "信息熵"), ...)

    @ENTROPY.definition
    def entropy(p, base=2.0): ...          # the formula in NumPy float64, with the paper's letters

    @ENTROPY.cases
    def cases(rng): yield "fair coin", dict(p=np.array([0.5, 0.5]))

    @ENTROPY.invalid
    def invalid(rng): yield "negative mass", dict(p=np.array([-0.1, 1.1]))

    @ENTROPY.claim(Text("The uniform law maximises …", "均匀分布使熵最大…"))
    def uniform_maximises(entropy, rng): return bound(...)

    @ENTROPY.mutant(Text("nats sold as bits", "把奈特当作比特"), caught_by=["uniform-maximises"])
    def natural_logarithm(p, base=2.0): ...

    @ENTROPY.figure(p=Slider(0, 1, 0.5, Text(...)))
    def figure(p): ... return Drawing(fig, Text(...))

A part has one name: `ENTROPY.definition`, `ENTROPY.cases`, `ENTROPY.invalid` take the page's function once, and are it
from then on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradus.errors import GradusError
from gradus.page.evidence import Evidence
from gradus.page.figures import Drawing, Slider
from gradus.page.record import (
    Case,
    Claim,
    ConceptKind,
    Cost,
    Erratum,
    Implementation,
    Mutant,
    Proof,
    Reading,
    Symbol,
)
from gradus.text import Text


@dataclass
class Concept:
    """One concept: the record that is given here, and the parts that the decorators add.

    Attributes:
        key: names it everywhere (file, command line, address).
        kind: definition, theorem, algorithm, layer, model or system.
        title: its name; summary: what it says and what it is for, one or two sentences.
        formulas: LaTeX, in the order in which they are read.
        symbols: every letter of the formulas and every argument of the definition.
        needs: keys of what must be understood first.
        source: key of the reference that it is taken from.
        year, people: when and by whom, for the timeline.
        implementations: what to use; the first is the recommended one.
        readings: where else to read.
        deviations: where frameworks or texts differ.
        proof: for a theorem.
        unverified: statements of the page that no claim measures.
        differentiable: whether the claim that gradients equal finite differences applies.
        longest_sum: name of the dimension, or the number, that bounds the longest sum behind one entry; the largest dimension
            of the inputs unless given. It enters the tolerance of the universal claims.
        canonical: where the theory leaves a choice (the signs of eigenvectors): takes a result, in any framework, to the
            choice that the definition makes; applied to every implementation's result before anything compares it.
    """

    key: str
    kind: ConceptKind
    title: Text
    summary: Text
    formulas: Sequence[str]
    symbols: Sequence[Symbol]
    needs: Sequence[str]
    source: str
    year: int
    people: Sequence[str]
    implementations: Sequence[Implementation] = ()
    readings: Sequence[Reading] = ()
    deviations: Sequence[Text] = ()
    proof: Proof | None = None
    unverified: Sequence[Text] = ()
    differentiable: bool = True
    longest_sum: int | None = None
    canonical: Callable[..., Any] | None = None

    area: str = field(default="", init=False)
    family: str = field(default="", init=False)
    module: str = field(default="", init=False)
    definition: Callable[..., Any] = field(init=False)
    cases: Callable[..., Any] = field(init=False)
    invalid: Callable[..., Any] = field(init=False)
    claims: dict[str, Claim] = field(default_factory=dict, init=False)
    mutants: dict[str, Mutant] = field(default_factory=dict, init=False)
    errata: list[Erratum] = field(default_factory=list, init=False)
    sliders: dict[str, Slider] = field(default_factory=dict, init=False)
    _drawing: Callable[..., Drawing] | None = field(default=None, init=False)
    _parts: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.definition = self._define
        self.cases = lambda generator: self._list("cases", generator)
        self.invalid = lambda generator: self._list("invalid", generator)

    def _define(self, function: Callable[..., Any]) -> Callable[..., Any]:
        # "gradus.concepts.<area>.<page>" or "….<family>.<member>": the page is where its definition stands
        self.definition, self.module = function, function.__module__
        parts = self.module.split(".")
        if parts[:2] == ["gradus", "concepts"] and len(parts) in (4, 5):
            self.area, self.family = parts[2], parts[3].replace("_", "-")
        self._parts.add("definition")
        return function

    def _list(self, part: str, generator: Callable[..., Iterator[Case]]) -> Callable[..., Iterator[Case]]:
        setattr(self, part, lambda rng: list(generator(rng)))
        self._parts.add(part)
        return generator

    def has(self, part: str) -> bool:
        """Whether the page has given the part: "definition", "cases", "invalid"."""
        return part in self._parts

    def claim(
        self, statement: Text, cost: Cost = "quick", of_definition: bool = True, required: bool = True
    ) -> Callable[[Callable[..., Evidence]], Callable[..., Evidence]]:
        """A claim `(implementation, rng) -> Evidence`; its name is the function's, with hyphens.

        `of_definition=False` says that the literal definition is not meant to satisfy it (memory, speed,
        stability); the definition may then itself be one of the mutants. `required=False` says that a right
        implementation of a user's may lack it too.
        """

        def add(function: Callable[..., Evidence]) -> Callable[..., Evidence]:
            name = _hyphens(function.__name__)
            if name in self.claims:
                raise GradusError(f"{self.key} has two claims called {name}; rename one")
            self.claims[name] = Claim(name, statement, function, cost, required, of_definition)
            return function

        return add

    def mutant(
        self, description: Text, caught_by: Sequence[str]
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """A wrong variant of the definition with the same arguments, and the claims that must fail on it."""

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            name = _hyphens(function.__name__)
            if name in self.mutants:
                raise GradusError(f"{self.key} has two mutants called {name}; rename one")
            self.mutants[name] = Mutant(name, description, function, tuple(caught_by))
            return function

        return add

    def erratum(self, number: str, common: Text, why: Text, right: Text, claims: Sequence[str]) -> None:
        """A wrong form in circulation, with the claims that compute its counterexample."""
        self.errata.append(Erratum(number, common, why, right, tuple(claims)))

    def figure(self, **sliders: Slider) -> Callable[[Callable[..., Drawing]], Callable[..., Drawing]]:
        """The figure: a function of the named sliders to a `Drawing`."""

        def add(function: Callable[..., Drawing]) -> Callable[..., Drawing]:
            self._drawing, self.sliders = function, sliders
            return function

        return add

    def draw(self, **values: float) -> Drawing:
        """The figure at the given slider values, the others at their starts."""
        unknown = set(values) - set(self.sliders)
        if unknown or self._drawing is None:
            raise GradusError(
                f"the figure of {self.key} has the parameters {', '.join(self.sliders)}; got {unknown}"
            )
        return self._drawing(**{name: values.get(name, s.start) for name, s in self.sliders.items()})

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the definition's arguments."""
        return tuple(inspect.signature(self.definition).parameters)

    @property
    def source_code(self) -> str:
        """The definition as it stands on the page, without the decorator."""
        lines = inspect.getsource(self.definition).splitlines()
        start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def "))
        return "\n".join(lines[start:])

    def missing(self) -> list[str]:
        """The parts that the page still lacks; a whole page lacks none."""
        parts = {
            "formulas": self.formulas,
            "symbols": self.symbols,
            "definition": self.has("definition"),
            "implementation": self.implementations,
            "cases": self.has("cases"),
            "invalid input": self.has("invalid"),
            "claims": len(self.claims) >= 2,
            "mutants": self.mutants,
            "figure": self._drawing,
            "readings": self.readings,
            "people": self.people,
        }
        if self.kind == "theorem":
            parts["proof"] = self.proof
        return [name for name, part in parts.items() if not part]


def _hyphens(name: str) -> str:
    return name.strip("_").replace("_", "-")
