"""What a concept is: its record, and the decorators that add the other parts of its page.

A page is a Python file `gradus/concepts/<area>/<key>.py` with the parts always in this order: record,
definition, cases, claims, mutants, errata, figure, recipe. Importing it costs NumPy only. The members of a family
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

    @ENTROPY.mutant(Text("nats sold as bits", "把奈特当作比特"), kills=["uniform-maximises"])
    def natural_logarithm(p, base=2.0): ...

    @ENTROPY.figure(p=Slider(0, 1, 0.5, Text(...)))
    def figure(p): ... return Drawing(fig, Text(...))
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from gradus.errors import GradusError
from gradus.evidence import Evidence, Text
from gradus.figures import Drawing, Slider

__all__ = [
    "AREAS", "Case", "Claim", "Concept", "Drawing", "Erratum", "Evidence", "Implementation", "Mutant", "Option", "Proof",
    "Reading", "Recipe", "Slider", "Symbol", "Text", "generic", "namespace",
]  # fmt: skip

AREAS: dict[str, Text] = {
    "foundations": Text("Foundations", "基础"),
    "networks": Text("Networks", "神经网络"),
    "optimization": Text("Optimization", "优化"),
    "inference": Text("Inference", "推断"),
    "geometry": Text("Geometry", "几何"),
    "theory": Text("Theory", "理论"),
    "reinforcement": Text("Reinforcement learning", "强化学习"),
    "generative": Text("Generative models", "生成模型"),
    "vision": Text("Vision", "视觉"),
    "language": Text("Language", "语言"),
    "recommendation": Text("Recommendation", "推荐"),
    "paradigms": Text("Paradigms", "范式"),
}

ConceptKind = Literal["definition", "theorem", "algorithm", "layer", "model", "system"]
Cost = Literal["quick", "slow", "gpu"]
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


@dataclass(frozen=True)
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
    meaning: Text
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


@dataclass(frozen=True)
class Implementation:
    """What a practitioner should use: `path` is "module:name", imported only when it is called.

    Where its signature differs from the definition's, `call(function, **arguments)` bridges the two:
    it receives every argument of the definition by name, as arrays of the implementation's own framework.
    `framework` is "numpy" for functions that take arrays, "torch" or "jax" for those that take tensors.
    """

    path: str
    framework: Literal["numpy", "torch", "jax", "python"] = "torch"
    call: Callable[..., Any] | None = None
    note: Text = Text("", "")


@dataclass(frozen=True)
class Reading:
    """Where else to read: a key of the references, and the place in it."""

    source: str
    place: str = ""


@dataclass(frozen=True)
class Proof:
    """A theorem's proof in words and `$…$`; or, where it is long, only the exact place where it stands."""

    text: Text
    place: str = ""


@dataclass(frozen=True)
class Option:
    """A choice that a recipe offers on the command line as `--NAME CHOICE`; the first is taken unless one is given.

    `choices` maps each choice to what it replaces in the recipe: fields of `Recipe` such as data, metric and bars.
    """

    name: str
    meaning: Text
    choices: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Recipe:
    """How a concept is run as a system, and what it must reach; functions are named as "module:function".

    Attributes:
        train: called with the data and, by name, with those of seed, epochs, directory, resume, progress, device and
            the recipe's options that it takes; returns a `gradus.report.SeedResult`, or what `report` turns into one.
        data: names of data sets; the first that is there is taken unless one is given.
        metric: name of the score.
        bars: what the mean score over the seeds must reach, for each data set.
        settings: what is shown of the recipe; or such a table for each data set.
        text: the recipe in words.
        relation: "≥", or "≤" for a score that must be small.
        report: `(returned, data, directory, bar) -> SeedResult`, where `train` returns something else.
        load: `(name, data_dir) -> data`.
        present: `(name, data_dir) -> bool`, whether the data set is there; "" where all always are.
        options: the choices that the command line offers.
    """

    train: str
    data: tuple[str, ...]
    metric: str
    bars: Mapping[str, float]
    settings: Mapping[str, Any]
    text: Text
    relation: Literal["≥", "≤"] = "≥"
    report: str = ""
    load: str = "gradus.data:load"
    present: str = ""
    options: tuple[Option, ...] = ()

    def with_choices(self, choices: Mapping[str, str]) -> Recipe:
        """The recipe after its options are chosen.

        Raises:
            GradusError: there is no such option or choice.
        """
        changed: dict[str, Any] = {}
        known = {o.name: o for o in self.options}
        for name, choice in choices.items():
            if name not in known:
                raise GradusError(f"the recipe has no option {name!r}; it has {', '.join(known) or 'none'}")
            if choice not in known[name].choices:
                raise GradusError(
                    f"expected {name} as one of {', '.join(known[name].choices)}, got {choice!r}"
                )
            changed |= known[name].choices[choice]
        return replace(self, **changed)


Arguments = dict[str, Any]
Case = tuple[str, Arguments]


@dataclass(frozen=True)
class Claim:
    """What must be true of every right implementation: `measure(implementation, rng) -> Evidence`."""

    name: str
    statement: Text
    measure: Callable[..., Evidence]
    cost: Cost = "quick"
    required: bool = (
        True  # False where a right implementation may lack it (memory): for a user's it is then a remark
    )
    of_definition: bool = True  # False where the literal definition is not meant to have the property (memory, speed, stability)
    free: bool = False  # one of the claims that every concept gets

    @property
    def source(self) -> str:
        """The claim's own code."""
        return inspect.getsource(self.measure)


@dataclass(frozen=True)
class Mutant:
    """A wrong variant of the definition, and the claims that must catch it."""

    name: str
    description: Text
    function: Callable[..., Any]
    kills: tuple[str, ...]


@dataclass(frozen=True)
class Erratum:
    """A wrong form in circulation: how it reads, why it fails (computed by the named claims), what is right."""

    number: str
    common: Text
    why: Text
    right: Text
    claims: tuple[str, ...]


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
        outputs: how many results the definition returns is free; `differentiable` says whether the claim that
            gradients equal finite differences applies.
        summed: name of the dimension, or the number, that bounds the longest sum behind one entry; the largest dimension
            of the inputs unless given. It enters the tolerance of the free claims.
        unique: where the theory leaves a choice (the signs of eigenvectors): takes a result, in any framework, to the
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
    summed: int | None = None
    unique: Callable[..., Any] | None = None

    area: str = field(default="", init=False)
    family: str = field(default="", init=False)
    module: str = field(default="", init=False)
    define: Callable[..., Any] = field(default=None, init=False)  # type: ignore[assignment]
    claims: dict[str, Claim] = field(default_factory=dict, init=False)
    mutants: dict[str, Mutant] = field(default_factory=dict, init=False)
    errata: list[Erratum] = field(default_factory=list, init=False)
    sliders: dict[str, Slider] = field(default_factory=dict, init=False)
    recipe: Recipe | None = field(default=None, init=False)
    _cases: Callable[..., Iterator[Case]] | None = field(default=None, init=False)
    _invalid: Callable[..., Iterator[Case]] | None = field(default=None, init=False)
    _figure: Callable[..., Drawing] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        # "gradus.concepts.<area>.<page>" or "….<family>.<member>", of the page that creates the record
        name = sys._getframe(2).f_globals.get("__name__", "")
        parts = name.split(".")
        self.module = name
        if parts[:2] == ["gradus", "concepts"] and len(parts) in (4, 5):
            self.area, self.family = parts[2], parts[3].replace("_", "-")

    def definition(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The formula in NumPy; its arguments are the symbol table's."""
        self.define = function
        return function

    def cases(self, function: Callable[..., Iterator[Case]]) -> Callable[..., Iterator[Case]]:
        """A generator `(rng) -> (label, arguments), …` of inputs: random, edges, degenerate."""
        self._cases = function
        return function

    def invalid(self, function: Callable[..., Iterator[Case]]) -> Callable[..., Iterator[Case]]:
        """A generator `(rng) -> (label, arguments), …` of inputs that every implementation must refuse."""
        self._invalid = function
        return function

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
        self, description: Text, kills: Sequence[str]
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """A wrong variant of the definition with the same arguments, and the claims that must fail on it."""

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            name = _hyphens(function.__name__)
            if name in self.mutants:
                raise GradusError(f"{self.key} has two mutants called {name}; rename one")
            self.mutants[name] = Mutant(name, description, function, tuple(kills))
            return function

        return add

    def erratum(self, number: str, common: Text, why: Text, right: Text, claims: Sequence[str]) -> None:
        """A wrong form in circulation, with the claims that compute its counterexample."""
        self.errata.append(Erratum(number, common, why, right, tuple(claims)))

    def figure(self, **sliders: Slider) -> Callable[[Callable[..., Drawing]], Callable[..., Drawing]]:
        """The figure: a function of the named sliders to a `Drawing`."""

        def add(function: Callable[..., Drawing]) -> Callable[..., Drawing]:
            self._figure, self.sliders = function, sliders
            return function

        return add

    def draw(self, **values: float) -> Drawing:
        """The figure at the given slider values, the others at their starts."""
        unknown = set(values) - set(self.sliders)
        if unknown or self._figure is None:
            raise GradusError(
                f"the figure of {self.key} has the parameters {', '.join(self.sliders)}; got {unknown}"
            )
        return self._figure(**{name: values.get(name, s.start) for name, s in self.sliders.items()})

    def examples(self, rng: np.random.Generator) -> list[Case]:
        """The page's cases as a list."""
        return list(self._cases(rng)) if self._cases else []

    def refused(self, rng: np.random.Generator) -> list[Case]:
        """The page's invalid inputs as a list."""
        return list(self._invalid(rng)) if self._invalid else []

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the definition's arguments."""
        return tuple(inspect.signature(self.define).parameters)

    @property
    def source_code(self) -> str:
        """The definition as it stands on the page, without the decorator."""
        lines = inspect.getsource(self.define).splitlines()
        start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def "))
        return "\n".join(lines[start:])

    def missing(self) -> list[str]:
        """The parts that the page still lacks; a whole page lacks none."""
        parts = {
            "formulas": self.formulas,
            "symbols": self.symbols,
            "definition": self.define,
            "implementation": self.implementations,
            "cases": self._cases,
            "invalid input": self._invalid,
            "claims": len(self.claims) >= 2,
            "mutants": self.mutants,
            "figure": self._figure,
            "readings": self.readings,
            "people": self.people,
        }
        if self.kind == "theorem":
            parts["proof"] = self.proof
        if self.kind == "system":
            parts["recipe"] = self.recipe
        return [name for name, part in parts.items() if not part]


def _hyphens(name: str) -> str:
    return name.strip("_").replace("_", "-")


def namespace(x: Any) -> Any:
    """The module whose functions take `x`: torch for a tensor, jax.numpy for a JAX array, else NumPy.

    It lets a case hand over one function, such as `lambda x: namespace(x).sin(x)`, that every framework can
    evaluate and differentiate.
    """
    module = type(x).__module__
    if module.startswith("torch"):
        import torch

        return torch
    if module.startswith("jax"):
        import jax.numpy

        return jax.numpy
    return np


def generic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a function among the arguments as one that works on the arrays of every framework (see `namespace`)."""
    function.generic = True  # type: ignore[attr-defined]
    return function
