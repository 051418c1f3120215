"""Why a claim says nothing about an implementation: what the implementation lacks."""

from __future__ import annotations

from gradus.errors import TextError
from gradus.text import Text


class NotApplicable(TextError):
    """The implementation lacks what this claim is about (an option, a gradient): the claim is skipped, and says so."""


def no_argument(function: str, name: str) -> NotApplicable:
    """That `function` lacks the argument `name`."""
    return NotApplicable(Text(f"{function} has no argument {name!r}", f"{function} 没有参数 {name}"))


class NotOffered(NotApplicable):
    """The implementation says itself, by NotImplementedError, that it does not do what it is asked for."""


def not_offered(function: str, words: str) -> NotOffered:
    """That `function` raised NotImplementedError, in its own words."""
    own = f": {words}" if words else ""
    return NotOffered(
        Text(
            f"{function} does not offer it (NotImplementedError{own})",
            f"{function} 不提供（NotImplementedError{own}）",
        )
    )


class NoGradient(NotApplicable):
    """A result of a framework that differentiates carries no gradient: detached, or computed elsewhere."""


def no_gradient(framework: str) -> NotApplicable:
    """That functions of `framework` are not differentiated."""
    return NotApplicable(
        Text(f"a {framework} function has no gradient to compare", f"{framework} 函数没有可比较的梯度")
    )
