"""What works on this machine, and the one command that mends what does not."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import GradusError
from gradus.text import Text, as_text

ABSENT = Text("absent", "未安装")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it works, its state here, and how to mend it when it does not."""

    name: Text
    works: bool
    state: Text
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
        as_text("Python ≥ 3.11"),
        sys.version_info >= (3, 11),
        as_text(f"{platform.python_version()}, {sys.executable}"),
        Text("install Python 3.11 or newer", "安装 Python 3.11 或更新版本"),
    )


def _torch() -> Iterator[Check]:
    version = _version("torch")
    recent = tuple(int(p) for p in version.split("+")[0].split(".")[:2]) >= (2, 8) if version else False
    state = as_text(version) if version else ABSENT
    if recent:
        import torch

        threads, cores = torch.get_num_threads(), os.cpu_count()
        state = Text(
            f"{version}, {threads} threads, {cores} cores", f"{version}，{threads} 个线程，{cores} 个核心"
        )
    yield Check(as_text("PyTorch ≥ 2.8"), recent, state, _pip("torch>=2.8"))


def _packages() -> Iterator[Check]:
    names = (
        "numpy",
        "scipy",
        "scikit-learn",
        "matplotlib",
        "rich",
        "requests",
        "hypothesis",
        "jinja2",
    )
    missing = [n for n in names if not _version(n)]
    versions = ", ".join(f"{n} {_version(n)}" for n in names if _version(n))
    yield Check(Text("packages", "软件包"), not missing, as_text(versions), _pip(" ".join(missing)))


def _compiler() -> Iterator[Check]:
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++") or shutil.which("cl")
    yield Check(
        Text("C++ compiler, for compile=True in training", "C++ 编译器（训练时 compile=True 需要）"),
        bool(compiler),
        as_text(compiler) if compiler else ABSENT,
        Text("install g++ (Debian, Ubuntu: apt install g++)", "安装 g++（Debian、Ubuntu：apt install g++）"),
        needed=False,
    )


def _accelerator() -> Iterator[Check]:
    name = ""
    if _version("torch"):
        import torch

        if torch.cuda.is_available():
            name = torch.cuda.get_device_name()
        elif torch.backends.mps.is_available():
            name = "Apple MPS"
    yield Check(
        Text("accelerator", "加速器"),
        bool(name),
        as_text(name) if name else Text("none: everything runs on the processor", "无：全部在处理器上运行"),
        Text("install a build of PyTorch for your accelerator", "安装支持你的加速器的 PyTorch"),
        needed=False,
    )


def _jax() -> Iterator[Check]:
    version = _version("jax")
    what = Text("JAX, to verify JAX functions", "JAX（检验 JAX 函数时需要）")
    state = as_text(version) if version else ABSENT
    yield Check(what, bool(version), state, _pip("jax"), needed=False)


def _data() -> Iterator[Check]:
    from gradus.data import data_directory

    name = Text("data folder", "数据文件夹")
    try:
        path = data_directory()
    except GradusError as error:  # no home directory: it says itself how to mend it
        yield Check(name, False, Text("none", "无"), error.text, needed=False)
        return
    mend = Text(
        f"choose another folder: export GRADUS_DATA=/path (now {path})",
        f"换一个文件夹：export GRADUS_DATA=/路径（当前 {path}）",
    )
    yield Check(name, _can_write(path), as_text(str(path)), mend, needed=False)


def _writable() -> Iterator[Check]:
    here = Path.cwd()
    mend = Text("go to a folder of your own, or give --directory", "换到自己的文件夹，或使用 --directory")
    yield Check(
        Text("runs can be kept here", "可在此保存运行结果"),
        _can_write(here / "runs"),
        as_text(str(here / "runs")),
        mend,
    )


def _can_write(path: Path) -> bool:
    """Whether the folder, or the nearest one above it that exists, can be written to; nothing is made."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK)


def _catalogue() -> Iterator[Check]:
    from gradus.catalogue import load

    name, mend = Text("catalogue", "目录"), Text("reinstall Gradus", "重新安装 Gradus")
    try:
        count = len(load())
    except GradusError as error:
        yield Check(name, False, error.text, mend)
    else:
        yield Check(name, True, Text(f"{count} concepts", f"{count} 个概念"), mend)


def _pip(what: str) -> Text:
    command = f"{Path(sys.executable).name} -m pip install '{what}'"
    return Text(command, command)
