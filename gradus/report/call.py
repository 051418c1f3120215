"""How an implementation is called: what a reader would type beside the definition."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from gradus.page import Concept, Implementation

MOST_STATEMENTS = 4  # a longer bridge is the verifier's business, not a call
_MODULES = {"np": "import numpy as np", "torch": "import torch"}


def call_of(concept: Concept, implementation: Implementation) -> str:
    """The import, and the call with the definition's arguments where it is one that a reader would write."""
    module, _, name = implementation.path.partition(":")
    holder, _, attribute = name.partition(".")
    head = f"from {module} import {holder}"
    lines = _bridged(implementation.call, name) if implementation.call else _plain(concept, name, attribute)
    if not lines:
        return head
    needed = {word for line in lines for word in re.findall(r"\b(np|torch)\.", line)}
    imports = [_MODULES[word] for word in sorted(needed) if head != _MODULES[word]]
    return "\n".join([*imports, head, "", *lines])


def _plain(concept: Concept, name: str, attribute: str) -> list[str]:
    """The call with the arguments of the definition; nothing for a class or a method, which take others."""
    if attribute or name[:1].isupper():
        return []
    return [f"{name}({', '.join(concept.arguments)})"]


def _bridged(bridge: Callable[..., Any], name: str) -> list[str]:
    """The statements of a bridge, the function under its own name; nothing where it uses what is not shown."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(bridge)))
    except (OSError, SyntaxError, IndentationError):  # a lambda within a call
        return []
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef) or not function.args.args:
        return []
    body = function.body
    plain = all(isinstance(statement, ast.Assign | ast.Return) for statement in body)
    if not plain or len(body) > MOST_STATEMENTS or _unknown(function):
        return []
    own = function.args.args[0].arg
    lines = [line for statement in body for line in _shown(statement).splitlines()]
    return [re.sub(rf"(?<![.\w]){own}\b", name, line) for line in lines]


def _shown(statement: ast.stmt) -> str:
    value = statement.value if isinstance(statement, ast.Return) else statement
    return ast.unparse(value)[1:-1] if isinstance(value, ast.Tuple) else ast.unparse(value or statement)


def _unknown(function: ast.FunctionDef) -> set[str]:
    """The names that stand neither in the function nor in a module that every reader knows."""
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return used - set(_bound(function)) - set(vars(builtins)) - set(_MODULES)


def _bound(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
