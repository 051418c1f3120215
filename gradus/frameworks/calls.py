"""How the calls of one function are made: each as it stands, unless its framework has a cheaper way to the same result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Calls:
    """Calls as they stand.

    Attributes:
        leaked: whether the cheaper way has left something in the function's own memory that spoils its further calls.
        trusted: whether a claim that fails need not be measured again on calls as they stand.
    """

    leaked = False
    trusted = True

    def __call__(self, function: Callable[[Any], Any], inputs: Any, kind: str = "values") -> Any:
        """The function's result on the inputs.

        Args:
            function: of one argument.
            inputs: nested tuples, lists and dictionaries that hold the framework's arrays.
            kind: what is computed; results of different kinds are compared apart.
        """
        return function(inputs)

    def confirm(self, confirmed: bool) -> None:
        """Whether calls as they stand fail the claim, too; if not, all further ones are made as they stand."""
