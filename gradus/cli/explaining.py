"""The verb explain: the computation graph of a page's definition, or of a function of the user's."""

from __future__ import annotations

import inspect
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradus.catalogue import concept as load_concept
from gradus.cli.terminal import Terminal
from gradus.errors import GradusError, words_of
from gradus.files import output_file
from gradus.page import Concept
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.explanation import Explanation

LARGEST = 64  # entries of all inputs of an example
MODERATE = 10.0  # the largest entry of an example


def explain(options: Namespace, out: Terminal) -> int:
    """The computation graph of a definition on a small input of its page, or on the user's own."""
    path = None if options.output is None else output_file(options.output, suffixes=(".svg",))
    if ":" in options.key:
        title, explanation = options.key, _of_function(options, out.lang)
    else:
        concept = load_concept(options.key)
        title = f"{concept.title.get(out.lang)}  ·  {concept.key}"
        explanation = _of_concept(concept, options, out.lang)
    if options.along:
        text = explanation.along(*(name.strip() for name in options.along.split(",")))
    else:
        text = f"{title}\n{explanation.text}"
    out.lines(text)
    if path is not None:
        explanation.save(path)
        out.say(out.t(f"wrote {options.output}", f"已写出 {options.output}"))
    return 0


def _of_function(options: Namespace, lang: str) -> Explanation:
    from gradus.explanation import explain
    from gradus.verify.user_code import load_implementation

    function = load_implementation(options.key)
    if inspect.isclass(function):
        raise GradusError(
            Text(
                f"{options.key} is a class; give a function or an instance, as model = {function.__name__}(…)",
                f"{options.key} 是一个类；请给出函数或实例，如 model = {function.__name__}(…)",
            )
        )
    if not options.input:
        raise GradusError(
            Text(
                f"expected what to call {options.key} with: --input FILE.py:name, an array, a tuple of arguments, a dict of "
                "them by name, or a function that returns one of these",
                f"需要 {options.key} 的输入：--input FILE.py:名称，可以是数组、参数的元组、按名称的字典，或返回它们的函数",
            )
        )
    arguments = arguments_of(function, load_implementation(options.input), options.input)
    return explain(function, *arguments, lang=lang, time_limit=options.time_limit)


def arguments_of(function: Callable[..., Any], value: Any, place: str) -> list[Any]:
    """The positional arguments that an input stands for.

    Args:
        function: what is called.
        value: one argument; a tuple of them; a dict of them by name; or a function without arguments that returns these.
        place: where the value stands, for the errors.

    Raises:
        GradusError: they do not fit the function.
    """
    from gradus.explanation.program import run_reported

    if inspect.isfunction(value):
        value = run_reported(value, (), place)
    try:
        signature = inspect.signature(getattr(function, "forward", function))
    except (TypeError, ValueError):
        return list(value) if isinstance(value, tuple) else [value]
    named = isinstance(value, dict) and not set(value).isdisjoint(signature.parameters)
    try:
        bound = (
            signature.bind(**value)
            if named
            else signature.bind(*(value if isinstance(value, tuple) else (value,)))
        )
    except TypeError as error:
        names = ", ".join(signature.parameters)
        raise GradusError(
            Text(
                f"{place} does not fit the arguments ({names}): {error}",
                f"{place} 与参数（{names}）不符：{error}",
            )
        ) from None
    by_name = [n for n in bound.arguments if signature.parameters[n].kind is inspect.Parameter.KEYWORD_ONLY]
    if by_name:
        names = ", ".join(by_name)
        raise GradusError(
            Text(
                f"{names}: expected arguments that can be given by position; wrap the function in one",
                f"{names}：应为可按位置传入的参数；请用另一个函数包装",
            )
        )
    if len(bound.args) < len(bound.arguments):  # one between them was left out
        bound.apply_defaults()
    return list(bound.args)


def _of_concept(concept: Concept, options: Namespace, lang: str) -> Explanation:

    if options.input:
        from gradus.verify.user_code import load_implementation

        given = arguments_of(concept.definition, load_implementation(options.input), options.input)
        return _of_an_entry(concept.definition, [_as_array(value) for value in given], options, lang)
    reason: Text | None = None
    for arguments in examples(concept):
        bound = inspect.signature(concept.definition).bind(**arguments)
        bound.apply_defaults()
        try:
            return _of_an_entry(concept.definition, list(bound.arguments.values()), options, lang)
        except GradusError as error:
            reason = reason or words_of(error)  # the first, on the kindest input, says it best
    en, zh = reason or Text("it has no case", "没有用例")
    raise GradusError(
        Text(
            f"the definition of {concept.key} has no computation graph here: {en}",
            f"{concept.key} 的定义在此没有计算图：{zh}",
        )
    )


def examples(concept: Concept) -> list[dict[str, Any]]:
    """The example of a page, and then its cases, those first that show what the definition does in general.

    A case is ordinary if its numbers are finite, at most ten in magnitude and few, and no array has equal entries or equal
    rows; of those the page's first comes first, one whose options are the defaults before others.
    """
    import numpy as np

    cases = [arguments for _, arguments in concept.cases(np.random.default_rng(0))]
    defaults = {
        name: p.default
        for name, p in inspect.signature(concept.definition).parameters.items()
        if p.default is not inspect.Parameter.empty
    }
    own = [concept.example_arguments] if concept.has("example") else []
    return [*own, *sorted(cases, key=lambda arguments: _oddity(arguments, defaults))]


def _oddity(arguments: dict[str, Any], defaults: dict[str, Any]) -> tuple[bool, bool, int]:
    """Not ordinary, not by default, the size where it is too large."""
    from gradus.frameworks.structure import flatten

    arrays = _arrays(flatten(list(arguments.values())))
    size = sum(a.size for a in arrays)
    odd = (
        size > LARGEST or not arrays or not all(map(_general, arrays)) or all(a.size == 1 for a in arrays[:1])
    )
    chosen = any(
        (
            name in defaults
            and (isinstance(value, (str, bool)) or value is None)
            and value is not defaults[name]
        )
        or (type(value) is int and value == 0)
        for name, value in arguments.items()
    )
    return odd, chosen, size if odd else 0


def _arrays(values: list[Any]) -> list[Any]:
    import numpy as np

    return [
        np.asarray(v)
        for v in values
        if isinstance(v, (float, np.ndarray)) and np.asarray(v).dtype.kind == "f"
    ]


def _general(array: Any) -> bool:
    """Finite, moderate, and with entries and rows that differ."""
    import numpy as np

    if not array.size or not np.isfinite(array).all() or np.abs(array).max() > MODERATE:
        return False
    if array.size == 1:
        return bool(array.ndim < 2)
    rows = array.reshape(len(array), -1)
    return bool(np.ptp(array) > 0 and (len(rows) == 1 or np.ptp(rows, axis=0).max() > 0))


def _as_array(value: Any) -> Any:
    """A tensor or a list of numbers as an array, which definitions are written for."""
    import numpy as np

    if hasattr(value, "detach"):
        return value.detach().numpy(force=True)
    if isinstance(value, list) and value:
        array = np.asarray(value)
        return array if array.dtype.kind in "fiub" else value
    return value


def _of_an_entry(
    define: Callable[..., Any], arguments: Sequence[Any], options: Namespace, lang: str
) -> Explanation:
    """The graph of the first entry of the result; of the last one if a gradient is then zero throughout.

    A trajectory begins with what it starts from, which no step size has touched.
    """
    import numpy as np

    from gradus.explanation import explain

    def of(place: int) -> Explanation:
        with np.errstate(all="ignore"):
            return explain(_entry(define, place), *arguments, lang=lang, time_limit=options.time_limit)

    first = of(0)
    if not (silent := _zero_gradients(first)):
        return first
    last = of(-1)
    return first if silent < _zero_gradients(last) else last


def _zero_gradients(explanation: Explanation) -> int:
    """How many of the inputs have a gradient that is zero throughout."""
    import numpy as np

    return sum(node.leaf and not np.any(node.adjoint) for node in explanation.nodes)


def _entry(define: Callable[..., Any], place: int) -> Callable[..., Any]:
    """A definition reduced to the first entry (0) or the last (−1) of its first result, which a gradient belongs to."""
    import functools

    import numpy as np

    @functools.wraps(define)
    def entry(*arguments: Any) -> Any:
        result = define(*arguments)
        while isinstance(result, (tuple, list)) and result:
            result = result[0]
        return result[(place,) * np.ndim(result)] if np.ndim(result) else result

    return entry
