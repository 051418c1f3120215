"""A user's own implementation, named on the command line as FILE.py:function or module:function."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from gradus.errors import GradusError, words_of
from gradus.frameworks import resolve
from gradus.text import Text


class CannotImport(GradusError):
    """The user's file is there, and raises when it is imported."""


FORM = Text(
    "expected FILE.py:function or module:function, such as my_attention.py:attention",
    "应为 FILE.py:函数 或 模块:函数，如 my_attention.py:attention",
)


def load_implementation(path: str) -> Any:
    """The function, class or module that a path FILE.py:name or module:name stands for. Importing a user's file runs the user's code.

    Raises:
        GradusError: the path, the file or the name is wrong, or the file cannot be imported.
    """
    place, colon, name = path.rpartition(":")
    if not colon or not place or not name:
        raise GradusError(Text(f"{FORM.en}; got {path!r}", f"{FORM.zh}；得到 {path!r}"))
    if not place.endswith(".py"):
        return resolve(path)
    module = load_file(Path(place))
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            en, zh = _nearest(part, value)
            raise GradusError(Text(f"{place} defines no {name!r}{en}", f"{place} 中没有定义 {name!r}{zh}"))
        value = getattr(value, part)
    return value


def _nearest(name: str, module: Any) -> Text:
    public = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
    near = difflib.get_close_matches(name, public, 3, 0.4) or public[:5]
    if not near:
        return Text("; it defines no function", "；其中没有函数")
    return Text(f"; it has {', '.join(near)}", f"；其中有 {', '.join(near)}")


def load_file(path: Path) -> ModuleType:
    """A Python file as a module, its own folder importable for it.

    Raises:
        GradusError: there is no such file, or (`CannotImport`) it raises when imported; the line is named.
    """
    if not path.is_file():
        raise GradusError(Text(f"no file {path} (in {Path.cwd()})", f"没有文件 {path}（在 {Path.cwd()} 中）"))
    import_spec = importlib.util.spec_from_file_location(f"gradus_user_{path.stem}", path)
    if import_spec is None or import_spec.loader is None:
        raise GradusError(Text(f"{path} is not a Python file", f"{path} 不是 Python 文件"))
    module = importlib.util.module_from_spec(import_spec)
    sys.modules[import_spec.name] = module  # dataclasses and pickling by name look here
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        import_spec.loader.exec_module(module)
    except SyntaxError as error:
        en, zh = (f", line {error.lineno}", f" 第 {error.lineno} 行") if error.lineno else ("", "")
        raise GradusError(Text(f"{path}{en}: {error.msg}", f"{path}{zh}：{error.msg}")) from None
    except Exception as error:
        frames = [
            f
            for f in traceback.extract_tb(error.__traceback__)
            if Path(f.filename).resolve() == path.resolve()
        ]
        number = frames[-1].lineno if frames else None
        en, zh = (f", line {number}", f" 第 {number} 行") if frames else ("", "")
        what = f"{type(error).__name__}: {words_of(error).en}"
        raise CannotImport(
            Text(f"{path}{en}: importing it raised {what}", f"{path}{zh}：导入时抛出 {what}")
        ) from None
    finally:
        with contextlib.suppress(ValueError):  # the file may have emptied the list
            sys.path.remove(folder)
    return module
