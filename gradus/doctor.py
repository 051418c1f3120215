"""What works on this machine, and the one command that mends what does not."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gradus.text import Text


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it works, what was found, and how to mend it when it does not."""

    name: Text
    works: bool
    found: str
    mend: Text = Text("", "")
    needed: bool = True


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def examine_machine() -> Iterator[Check]:
    """Every check, in the order in which a user would meet the failure."""
    for check in (_python, _torch, _packages, _compiler, _accelerator, _jax, _data, _writable, _catalogue):
        yield from check()


def _python() -> Iterator[Check]:
    yield Check(
        Text("Python ≥ 3.11", "Python ≥ 3.11"),
        sys.version_info >= (3, 11),
        f"{platform.python_version()}, {sys.executable}",
        Text("install Python 3.11 or newer", "安装 Python 3.11 或更新版本"),
    )


def _torch() -> Iterator[Check]:
    found = _version("torch")
    recent = tuple(int(p) for p in found.split("+")[0].split(".")[:2]) >= (2, 8) if found else False
    threads = ""
    if recent:
        import torch

        threads = f", {torch.get_num_threads()} threads, {os.cpu_count()} cores"
    yield Check(
        Text("PyTorch ≥ 2.8", "PyTorch ≥ 2.8"), recent, (found or "absent") + threads, _pip("torch>=2.8")
    )


def _packages() -> Iterator[Check]:
    names = (
        "numpy",
        "scipy",
        "scikit-learn",
        "matplotlib",
        "rich",
        "safetensors",
        "pooch",
        "hypothesis",
        "jinja2",
    )
    missing = [n for n in names if not _version(n)]
    found = ", ".join(f"{n} {_version(n)}" for n in names if _version(n))
    yield Check(Text("packages", "软件包"), not missing, found, _pip(" ".join(missing)))


def _compiler() -> Iterator[Check]:
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++") or shutil.which("cl")
    yield Check(
        Text("C++ compiler, for compile=True in training", "C++ 编译器（训练时 compile=True 需要）"),
        bool(compiler),
        compiler or "absent",
        Text("install g++ (Debian, Ubuntu: apt install g++)", "安装 g++（Debian、Ubuntu：apt install g++）"),
        needed=False,
    )


def _accelerator() -> Iterator[Check]:
    found = ""
    if _version("torch"):
        import torch

        if torch.cuda.is_available():
            found = torch.cuda.get_device_name()
        elif torch.backends.mps.is_available():
            found = "Apple MPS"
    yield Check(
        Text("accelerator", "加速器"),
        bool(found),
        found or "none: everything runs on the processor",
        Text("install a build of PyTorch for your accelerator", "安装支持你的加速器的 PyTorch"),
        needed=False,
    )


def _jax() -> Iterator[Check]:
    found = _version("jax")
    what = Text("JAX, to verify JAX functions", "JAX（检验 JAX 函数时需要）")
    yield Check(what, bool(found), found or "absent", _pip("jax"), needed=False)


def _data() -> Iterator[Check]:
    from gradus.data import data_directory

    path = data_directory()
    ok = _can_write(path)
    mend = Text(
        f"choose another folder: export GRADUS_DATA=/path (now {path})",
        f"换一个文件夹：export GRADUS_DATA=/路径（当前 {path}）",
    )
    yield Check(Text("data folder", "数据文件夹"), ok, str(path), mend, needed=False)


def _writable() -> Iterator[Check]:
    here = Path.cwd()
    mend = Text("go to a folder of your own, or give --directory", "换到自己的文件夹，或使用 --directory")
    yield Check(
        Text("runs can be kept here", "可在此保存运行结果"),
        _can_write(here / "runs"),
        str(here / "runs"),
        mend,
    )


def _can_write(path: Path) -> bool:
    """Whether the folder, or the nearest one above it that exists, can be written to; nothing is made."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK)


def _catalogue() -> Iterator[Check]:
    from gradus.catalogue import load
    from gradus.errors import GradusError

    count: Callable[[], str] = lambda: f"{len(load())} concepts"  # noqa: E731
    mend = Text("reinstall Gradus", "重新安装 Gradus")
    try:
        yield Check(Text("catalogue", "目录"), True, count(), mend)
    except GradusError as error:
        yield Check(Text("catalogue", "目录"), False, str(error), mend)


def _pip(what: str) -> Text:
    command = f"{Path(sys.executable).name} -m pip install '{what}'"
    return Text(command, command)
