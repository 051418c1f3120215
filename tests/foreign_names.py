"""Which names of a page's definition are neither NumPy's nor its own page's."""

import ast
import builtins
import inspect
import textwrap
import types

from gradus.page import Concept

ALLOWED = {"numpy", "math", "itertools"}


def foreign_names(function, seen) -> set[str]:
    """Names that a definition uses and that are neither NumPy, math, builtins, nor functions of its own page."""
    if function in seen:
        return set()
    seen.add(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    body = next(n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.Lambda)))
    foreign = set()
    for node in ast.walk(body):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            foreign |= {n for n in names if n.partition(".")[0] not in ALLOWED}
    statements = body.body if isinstance(body.body, list) else [body.body]
    for name in {
        n.id
        for s in statements
        for n in ast.walk(s)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }:
        value = function.__globals__.get(name)
        if value is None:
            if name not in vars(builtins) and name in function.__globals__:
                foreign.add(name)
        elif isinstance(value, types.ModuleType):
            if value.__name__.partition(".")[0] not in ALLOWED:
                foreign.add(name)
        elif isinstance(value, Concept):
            foreign.add(name)
        elif (
            callable(value)
            and _of_one_page(getattr(value, "__module__", ""), function.__module__)
            and hasattr(value, "__code__")
        ):
            foreign |= foreign_names(value, seen)
        elif callable(value) and (getattr(value, "__module__", "") or "").partition(".")[0] not in ALLOWED | {
            "builtins"
        }:
            foreign.add(name)
    return foreign


def _of_one_page(module: str, other: str) -> bool:
    """The same file, or files of one family's folder: gradus.concepts.<area>.<family>."""
    family, _, _ = other.rpartition(".")
    return module == other or (module.rpartition(".")[0] == family and family.count(".") == 3)
