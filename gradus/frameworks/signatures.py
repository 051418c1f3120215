"""How a function takes its arguments, read off its signature, and how a definition's arguments are passed to it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradus.page.not_applicable import no_argument

_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Parameters:
    """What a signature says of how a function may be called.

    Attributes:
        positional: names of those that may be given by position, in order; None when there may be any number.
        keyword_only: names of those that must be given by name, in order.
        keywords: names that are accepted by name; None when any is.
        defaults: name → default of those that may be left out.
    """

    positional: tuple[str, ...] | None
    keyword_only: tuple[str, ...]
    keywords: frozenset[str] | None
    defaults: Mapping[str, Any]

    def may_be_left_out(self, name: str) -> bool:
        """Whether a call without the argument of this name is complete as far as the signature tells."""
        own = (*(self.positional or ()), *self.keyword_only)
        return name in self.defaults or name not in own


def parameters_of(function: Callable[..., Any]) -> Parameters:
    """The parameters of a function; a function that does not tell is taken to accept anything.

    A module's own `__call__` accepts anything and hands it to `forward`, which is the one that is asked.
    """
    try:
        signature = inspect.signature(getattr(function, "forward", function))
    except (ValueError, TypeError):
        return Parameters(None, (), None, {})
    parameters = list(signature.parameters.values())
    kinds = {p.kind for p in parameters}
    return Parameters(
        None if inspect.Parameter.VAR_POSITIONAL in kinds else tuple(p.name for p in parameters if p.kind in _POSITIONAL),
        tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
        None if inspect.Parameter.VAR_KEYWORD in kinds else accepted_keywords(function) or frozenset(),
        {p.name: p.default for p in parameters if p.default is not p.empty},
    )  # fmt: skip


def accepted_keywords(function: Callable[..., Any]) -> frozenset[str] | None:
    """Names that the function accepts by keyword; None when it accepts any name, or does not tell."""
    try:
        parameters = inspect.signature(getattr(function, "forward", function)).parameters.values()
    except (ValueError, TypeError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    variadic = inspect.Parameter.VAR_POSITIONAL
    return frozenset(p.name for p in parameters if p.kind not in (p.POSITIONAL_ONLY, variadic))


def has_other_order(own: Parameters, definition: inspect.Signature) -> bool:
    """Whether the function has the definition's required arguments under the same names, in another order."""
    needed = required_names(definition)
    names = [n for n in (*(own.positional or ()), *own.keyword_only) if n in needed]
    return sorted(names) == sorted(needed) and names != needed and own.keywords is not None


def required_names(definition: inspect.Signature) -> list[str]:
    """The names of the arguments without a default."""
    return [p.name for p in definition.parameters.values() if p.default is p.empty]


def passed(
    function: str,
    own: Parameters,
    definition: inspect.Signature,
    arguments: Mapping[str, Any],
    by_name: bool = False,
) -> tuple[list[Any], dict[str, Any]]:
    """The definition's arguments as a function of these parameters takes them: by position, and by name.

    Required ones go by position, so that their names are free, as far as there are places; optional ones by name. An
    option at its default is left out: what the function does without it is judged, not what it can be told to do.

    Raises:
        NotApplicable: an option differs from its default, and the function has no such argument.
    """
    needed = [n for n in required_names(definition) if n in arguments]
    places = 0 if by_name else len(needed) if own.positional is None else len(own.positional)
    required = [arguments[n] for n in needed[:places]]
    rest = needed[places:]
    theirs = rest if by_name or set(rest) <= set(own.keyword_only) else own.keyword_only
    named = {their: arguments[n] for their, n in zip(theirs, rest, strict=False)}
    for name, parameter in definition.parameters.items():
        if name not in arguments or parameter.default is parameter.empty:
            continue
        value = arguments[name]
        if is_default(value, parameter.default) and own.may_be_left_out(name):
            continue
        if own.keywords is not None and name not in own.keywords:
            raise no_argument(function, name)
        named[name] = value
    return required, named


def unexpected(error: TypeError, own: Parameters, named: Mapping[str, Any]) -> str | None:
    """The option that a function which accepts any name hands on to one that has no such argument; None for other errors."""
    told = _UNEXPECTED.search(str(error)) if own.keywords is None else None
    return told[1] if told and told[1] in named else None


def other_defaults(own: Parameters, definition: inspect.Signature) -> dict[str, tuple[Any, Any]]:
    """Options whose default is another number, text or truth value than the definition's: (own, definition's)."""
    plain = (bool, int, float, str)
    return {
        name: (own.defaults[name], parameter.default)
        for name, parameter in definition.parameters.items()
        if name in own.defaults
        and isinstance(own.defaults[name], plain)
        and isinstance(parameter.default, plain)
        and not is_default(own.defaults[name], parameter.default)
    }


def is_default(value: Any, default: Any) -> bool:
    """Whether the value is the default, or equal to it in every entry."""
    if value is default:
        return True
    try:
        return bool(np.array_equal(value, default))
    except Exception:
        return False
