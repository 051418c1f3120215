"""What a concept is: its record, and the decorators that add the other parts of its page.

A page is a Python file `gradus/concepts/<area>/<key>.py` with the parts always in this order: record,
definition, cases, claims, mutants, errata, figure. It is English and runs; the Chinese of its strings stands
beside it in `<key>.zh.md` (see `gradus.page.companion`). Importing it costs NumPy only. The members of a family
share a file, or, where they are many, a folder `<area>/<family>/` with one file each.

    ENTROPY = Concept(key="entropy", kind="definition", title="Entropy", summary="…", ...)
    @ENTROPY.definition
    def entropy(p, base=2.0): ...          # the formula in NumPy float64, with the paper's letters
    @ENTROPY.example
    def example(): ...                     # numbers for the prose by name, the definition's arguments among them
    @ENTROPY.cases
    def cases(rng): yield "fair coin", dict(p=np.array([0.5, 0.5]))
    @ENTROPY.invalid
    def invalid(rng): yield "negative mass", dict(p=np.array([-0.1, 1.1]))
    @ENTROPY.claim
    def uniform_maximises(entropy, rng):   # its docstring: 'The uniform distribution maximises …'
        return roundoff(...)               # or several measurements: yield each
    @ENTROPY.mutant(caught_by="uniform-maximises, equals-definition")
    def natural_logarithm(p, **given): ...  # its docstring: 'nats sold as bits'
    @ENTROPY.exercise
    def loaded(): return number(entropy(...), nats=...)  # the question stands in the prose
    @ENTROPY.figure(p=Slider(0, 1, 0.5, "probability of heads"))
    def figure(p): ... return Drawing(fig, Text(...))

The sentence of a claim or a mutant is the docstring of its function; what is computed, or shared by several pages, is given
as a `Text`. `ENTROPY.definition`, `.cases` and `.invalid` take the page's function once, and are it from then on.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import Any, overload

from gradus.errors import GradusError
from gradus.numbers import mathematical
from gradus.page.bilingual import ManyWords, Words, bilingual
from gradus.page.exercises import Exercise
from gradus.page.figure_words import put_chinese, set_numbers
from gradus.page.figures import Drawing, Slider, canvas_width
from gradus.page.formula_words import in_chinese
from gradus.page.parts import Measure, Measurements, Variant, measured, names_of, new_name, sentence_of
from gradus.page.record import (
    Case,
    Claim,
    ConceptKind,
    Convention,
    Cost,
    Erratum,
    Hypothesis,
    Implementation,
    Mutant,
    Nonfinite,
    Proof,
    Readings,
    Result,
    Symbol,
)
from gradus.page.source import standalone
from gradus.page.typography import figure_size
from gradus.text import Text


@bilingual(frozen=False)
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
        returns: the results in order, where the definition gives several.
        aliases: what else people type to find it, in either language, given one by one or as "one, another".
        implementations: what to use; the first is the recommended one.
        readings: where else to read, `"KEY PLACE; KEY PLACE"` with the keys of references.
        hypotheses: what the theorem or the formulas assume, each with the claim or mutant that drops it.
        conventions: choices that frameworks and texts make differently.
        deviations: where an implementation gives something else than the definition.
        proof: for a theorem.
        unverified: statements of the page that no claim measures.
        differentiable: whether the claim that gradients equal finite differences applies.
        carries_gradient: whether an implementation must let gradients through; not where its results are gradients themselves.
        longest_sum: name of the dimension, or the number, that bounds the longest sum behind one entry; the largest dimension
            of the inputs unless given. It enters the tolerance of the universal claims.
        canonical: where the theory leaves a choice (the signs of eigenvectors): takes a result, in any framework, to the
            choice that the definition makes; applied to every implementation's result before anything compares it.
        nonfinite: which of NaN and ±∞ are inputs too, for which the definition says what is right: "nan" (a NaN makes NaN
            at least of what the definition makes NaN), "all" (entry by entry, ±∞ as well), "" where nothing is said.
        other_form: for a user's function of another form (a module, a function of one step) the bridge that calls it as
            `Implementation.call` does; None for one that takes the definition's arguments.
    """

    key: str
    kind: ConceptKind
    title: Words
    summary: Words
    formulas: Sequence[str]
    symbols: Sequence[Symbol]
    needs: Sequence[str]
    source: str
    year: int
    people: Sequence[str]
    returns: Sequence[Result] = ()
    aliases: Sequence[str] = ()
    implementations: Sequence[Implementation] = ()
    readings: Readings = Readings()
    hypotheses: Sequence[Hypothesis] = ()
    conventions: Sequence[Convention] = ()
    deviations: ManyWords = ManyWords("deviations")
    proof: Proof | None = None
    unverified: ManyWords = ManyWords("unverified")
    differentiable: bool = True
    carries_gradient: bool = True
    longest_sum: int | None = None
    canonical: Callable[..., Any] | None = None
    nonfinite: Nonfinite = ""
    other_form: Callable[[Any], Callable[..., Any] | None] | None = None

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
    exercises: dict[str, Callable[[], Exercise]] = field(default_factory=dict, init=False)
    _example: Callable[[], dict[str, Any]] | None = field(default=None, init=False)
    figure_words: dict[str, str] = field(default_factory=dict, init=False)
    formula_words: dict[str, str] = field(default_factory=dict, init=False)
    _drawing: Callable[..., Drawing] | None = field(default=None, init=False)
    _parts: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.aliases = names_of(self.aliases)
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

    def example(self, function: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        """The example: a function to the numbers that the prose names, among them the definition's arguments by their names."""
        self._example = functools.cache(function)
        self._parts.add("example")
        return function

    @property
    def example_values(self) -> dict[str, Any]:
        """The numbers of the example by name; none where the page has no example."""
        return dict(self._example()) if self._example else {}

    @property
    def example_arguments(self) -> dict[str, Any]:
        """The definition's arguments in the example."""
        values = self.example_values
        return {name: values[name] for name in self.arguments if name in values}

    def exercise(self, function: Callable[[], Exercise]) -> Callable[[], Exercise]:
        """An exercise: a function without arguments that computes the answer; the question stands in the prose under its name."""
        name = new_name(self.key, "exercise", function, self.exercises).replace("-", "_")
        self.exercises[name] = function
        return function

    def has(self, part: str) -> bool:
        """Whether the page has given the part: "definition", "example", "cases", "invalid", "figure"."""
        return part in self._parts

    @overload
    def claim(self, statement: Measurements, /) -> Measure: ...

    @overload
    def claim(
        self,
        statement: Text | None = None,
        /,
        *,
        cost: Cost = "quick",
        of_definition: bool = True,
        required: bool = True,
    ) -> Callable[[Measurements], Measure]: ...

    def claim(
        self,
        statement: Any = None,
        /,
        *,
        cost: Cost = "quick",
        of_definition: bool = True,
        required: bool = True,
    ) -> Any:
        """A claim `(implementation, rng) -> Evidence`; its name is the function's, with hyphens, its statement the docstring.

        One that measures several things yields each of them, and `all_of` judges. What comes back is the claim's measure.
        A statement that is computed or shared is given as a `Text`. `of_definition=False` says that the literal
        definition is not meant to satisfy it (memory, speed, stability); the definition may then itself be one of the
        mutants. `required=False` says that a right implementation of a user's may lack it too.
        """
        if callable(statement):
            return self.claim()(statement)

        def add(function: Measurements) -> Measure:
            name = new_name(self.key, "claim", function, self.claims)
            words = statement or sentence_of(self.key, "claim", name, function)
            measure = measured(function)
            self.claims[name] = Claim(name, words, measure, cost, required, of_definition)
            return measure

        return add

    def mutant(
        self, description: Text | None = None, /, *, caught_by: str | Sequence[str]
    ) -> Callable[[Variant], Variant]:
        """A wrong variant of the definition, described by its docstring, and the claims "one, another" that must fail on it.

        It takes the definition's arguments; optional ones that it only passes on may be `**given`.
        """

        def add(function: Variant) -> Variant:
            name = new_name(self.key, "mutant", function, self.mutants)
            words = description or sentence_of(self.key, "mutant", name, function)
            self.mutants[name] = Mutant(name, words, function, names_of(caught_by))
            return function

        return add

    def erratum(
        self, number: str, common: str | Text, why: str | Text, right: str | Text, claims: str | Sequence[str]
    ) -> None:
        """A wrong form in circulation, with the claims "one, another" that compute its counterexample."""
        self.errata.append(Erratum(number, common, why, right, names_of(claims)))

    def figure(self, **sliders: Slider) -> Callable[[Callable[..., Drawing]], Callable[..., Drawing]]:
        """The figure: a function of the named sliders to a `Drawing`."""

        def add(function: Callable[..., Drawing]) -> Callable[..., Drawing]:
            self._drawing, self.sliders = function, sliders
            self._parts.add("figure")
            return function

        return add

    def draw(self, lang: str = "en", narrow: bool = False, **values: float) -> Drawing:
        """The figure at slider values, the others at their starts; a narrow one, for a phone, has its panels stacked."""
        if (unknown := set(values) - set(self.sliders)) or self._drawing is None:
            known = ", ".join(self.sliders)
            en = f"the figure of {self.key} has the parameters {known}; got {unknown}"
            raise GradusError(Text(en, f"{self.key} 的图有参数 {known}；得到 {unknown}"))
        with figure_size(), canvas_width(narrow):
            drawing = self._drawing(**{name: values.get(name, s.start) for name, s in self.sliders.items()})
        set_numbers(drawing.figure)
        if lang == "zh":
            put_chinese(drawing.figure, self.figure_words)
        return Drawing(drawing.figure, Text(mathematical(drawing.text.en), mathematical(drawing.text.zh)))

    def formulas_in(self, lang: str) -> list[str]:
        """The formulas, the words in them in a language."""
        words = self.formula_words if lang == "zh" else {}
        return [in_chinese(latex, words) for latex in self.formulas]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the definition's arguments."""
        return tuple(inspect.signature(self.definition).parameters)

    @property
    def source_code(self) -> str:
        """The definition as it stands on the page, after the helpers and constants that it uses: it runs on NumPy alone."""
        return standalone(self.definition)

    def missing(self) -> list[str]:
        """The parts that the page still lacks; a whole page lacks none."""
        from gradus.page.completeness import missing

        return missing(self)
