"""The source of a function together with all that it uses: text that runs where NumPy alone is installed.

A definition may use helpers and constants of its module, or of another module beside the page. `standalone` puts
them before it, each after what it needs itself, under the imports that they need. What the text may import is NumPy
and the standard library.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import symtable
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gradus.errors import GradusError
from gradus.text import Text

HELPERS = "gradus.concepts."  # where the modules stand whose functions are shown, not imported


class Statement(NamedTuple):
    """A statement of a module that gives a name its value, and its text without the decorators of Gradus."""

    node: ast.stmt
    text: str


class Binding(NamedTuple):
    """What the import of a name imports: `from module import attribute`, or the module itself where there is none."""

    module: str
    attribute: str


class Source(NamedTuple):
    """What a module says of the names that stand at its top."""

    statements: dict[str, Statement]
    imports: dict[str, Binding]
    is_known: bool = True


def standalone(function: Callable[..., Any]) -> str:
    """The function's source after that of all helpers and constants that it uses, under the imports that they need.

    Raises:
        GradusError: it uses a function of Gradus that no module of pages defines, or two helpers of one name.
    """
    assembly = _Assembly()
    own = _own_text(function)
    assembly.add_needs(own, function.__module__)
    text, was_constant = assembly.import_lines(), True
    helpers = [part for part in assembly.parts.values() if part != own]  # a definition may call itself
    for part in (*helpers, own):
        is_constant = isinstance(ast.parse(part).body[0], (ast.Assign, ast.AnnAssign))
        text += ("\n" if is_constant and was_constant else "\n\n") + part + "\n"
        was_constant = is_constant
    return text.rstrip("\n")


class _Assembly:
    """The parts of the text, each after what it needs."""

    def __init__(self) -> None:
        self.parts: dict[tuple[str, int], str] = {}  # by module and line
        self._imports = {"import numpy as np"}
        self._homes: dict[str, str] = {}  # the module of each name

    def import_lines(self) -> str:
        """The standard library, a blank line, NumPy."""
        numpy = {line for line in self._imports if line.split()[1].partition(".")[0] == "numpy"}
        groups = (
            sorted(lines, key=lambda line: (line.startswith("from"), line))
            for lines in (self._imports - numpy, numpy)
        )
        return "\n".join("".join(f"{line}\n" for line in group) for group in groups if group)

    def add_needs(self, text: str, module: str) -> None:
        """Adds what the global names of a text refer to in its module."""
        for name in _global_names(text):
            self._add(name, module)

    def _add(self, name: str, module: str) -> None:
        source = _source(module)
        if name in source.statements:
            self._add_statement(name, module, source.statements[name])
        elif name in source.imports:
            self._add_import(name, *source.imports[name])
        elif source.is_known and not hasattr(builtins, name):
            raise GradusError(
                Text(
                    f"{module} uses {name}, which no statement at the top of the module defines",
                    f"{module} 使用了 {name}，但模块顶层没有语句定义它",
                )
            )

    def _add_statement(self, name: str, module: str, statement: Statement) -> None:
        home = self._homes.setdefault(name, module)
        if home != module:
            raise GradusError(
                Text(
                    f"{home} and {module} both define {name} for one definition; rename one of them",
                    f"{home} 与 {module} 都为同一定义给出了 {name}；请为其中之一改名",
                )
            )
        part = module, statement.node.lineno
        if part not in self.parts:
            self.parts[part] = ""  # begun: a function may call itself
            self.add_needs(statement.text, module)
            del self.parts[part]
            self.parts[part] = statement.text

    def _add_import(self, name: str, module: str, attribute: str) -> None:
        root = module.partition(".")[0]
        if root == "gradus" and attribute == name and _is_shown(name, module):
            self._add(name, module)
        elif root == "numpy" or root in sys.stdlib_module_names:
            self._imports.add(_import_line(name, module, attribute))
        else:
            raise GradusError(
                Text(
                    f"a definition uses {name} of {module}; write it in NumPy, or in a module of pages under its own name",
                    f"一个定义使用了 {module} 的 {name}；请用 NumPy 写出，或放入页面的模块并自行命名",
                )
            )


def _is_shown(name: str, module: str) -> bool:
    """Whether a name of a module of Gradus is shown: helpers beside the pages, and every module's constants."""
    statement = _source(module).statements.get(name)
    return module.startswith(HELPERS) or (statement is not None and isinstance(statement.node, ast.Assign))


def _import_line(name: str, module: str, attribute: str) -> str:
    renamed = "" if name == (attribute or module) else f" as {name}"
    return f"from {module} import {attribute}{renamed}" if attribute else f"import {module}{renamed}"


def _own_text(function: Callable[..., Any]) -> str:
    text = textwrap.dedent(inspect.getsource(function))
    return _undecorated(ast.parse(text).body[0], text.splitlines(), lambda root: True)


@functools.cache
def _source(module: str) -> Source:
    """The top of a module; where its text is not at hand (typed at a prompt), nothing."""
    try:
        text = inspect.getsource(importlib.import_module(module))
    except (OSError, TypeError):
        return Source({}, {}, is_known=False)
    lines, tree = text.splitlines(), ast.parse(text)
    imports = dict(_imports(tree))
    own = {name for name, binding in imports.items() if binding.module.startswith("gradus")}
    pages = {
        n for node in tree.body if isinstance(node, ast.Assign) and _is_record(node) for n in _bound(node)
    }
    statements = {
        name: Statement(node, _undecorated(node, lines, (own | pages).__contains__))
        for node in tree.body
        for name in _bound(node)
    }
    return Source(statements, imports)


def _imports(tree: ast.Module) -> Iterator[tuple[str, Binding]]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((a.asname or a.name, Binding(a.name, "")) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((a.asname or a.name, Binding(node.module or "", a.name)) for a in node.names)


def _bound(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a module gives values to."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]


def _is_record(node: ast.Assign) -> bool:
    """Whether it is the record of a concept: `ENTROPY = Concept(…)`."""
    call = node.value
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Concept"


def _undecorated(node: ast.stmt, lines: list[str], is_left_out: Callable[[str], bool]) -> str:
    """The statement's own lines, without the decorators whose first name is to be left out."""
    spans = [(node.lineno, node.end_lineno or node.lineno)]
    for decorator in getattr(node, "decorator_list", ()):
        root = next(n.id for n in ast.walk(decorator) if isinstance(n, ast.Name))
        if not is_left_out(root):
            spans.append((decorator.lineno, decorator.end_lineno or decorator.lineno))
    return "\n".join(line for first, last in sorted(spans) for line in lines[first - 1 : last])


def _global_names(text: str) -> list[str]:
    """The names that a text reads and does not bind itself, in the order in which they stand."""
    used = set(_global_symbols(symtable.symtable(text, "<definition>", "exec")))
    order = (n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name))
    return [name for name in dict.fromkeys(order) if name in used]


def _global_symbols(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or (top and not symbol.is_assigned())):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _global_symbols(child)
