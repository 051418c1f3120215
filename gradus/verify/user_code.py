"""A user's own implementation, named on the command line as FILE.py:function or module:function."""

from __future__ import annotations

import difflib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from gradus.errors import GradusError
from gradus.frameworks import resolve

FORM = "expected FILE.py:function or module:function, such as my_attention.py:attention"


def load_implementation(path: str) -> Any:
    """The function, class or module that a path FILE.py:name or module:name stands for. Importing a user's file runs the user's code.

    Raises:
        GradusError: the path, the file or the name is wrong, or the file cannot be imported.
    """
    place, colon, name = path.rpartition(":")
    if not colon or not place or not name:
        raise GradusError(f"{FORM}; got {path!r}")
    if not place.endswith(".py"):
        return resolve(path)
    module = load_file(Path(place))
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            raise GradusError(f"{place} defines no {name!r}{_nearest(part, value)}")
        value = getattr(value, part)
    return value


def _nearest(name: str, module: Any) -> str:
    public = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
    near = difflib.get_close_matches(name, public, 3, 0.4) or public[:5]
    return f"; it has {', '.join(near)}" if near else "; it defines no function"


def load_file(path: Path) -> ModuleType:
    """A Python file as a module, its own folder importable for it.

    Raises:
        GradusError: there is no such file, or it raises when imported; the line is named.
    """
    if not path.is_file():
        raise GradusError(f"no file {path} (in {Path.cwd()})")
    spec = importlib.util.spec_from_file_location(f"gradus_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise GradusError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickling by name look here
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise GradusError(f"{path}, line {error.lineno}: {error.msg}") from None
    except Exception as error:
        frames = [
            f
            for f in traceback.extract_tb(error.__traceback__)
            if Path(f.filename).resolve() == path.resolve()
        ]
        line = f", line {frames[-1].lineno}" if frames else ""
        raise GradusError(f"{path}{line}: importing it raised {type(error).__name__}: {error}") from None
    finally:
        sys.path.remove(folder)
    return module
