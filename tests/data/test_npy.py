"""Arrays in .npy files: never unpickled, never larger than the file."""

from __future__ import annotations

import ast
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

import gradus
from gradus.data import read_npy
from gradus.errors import GradusError


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.zeros((0, 4), np.int8),
        np.float32(3),
        np.array(["a", "文"]),
        np.ones((3, 2)).T,
    ],
    ids=["matrix", "empty", "number", "text", "Fortran"],
)
def test_round_trip(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    back = read_npy(tmp_path / "a.npy")
    assert back.dtype == np.asarray(array).dtype
    np.testing.assert_array_equal(back, array)


class Payload:
    """Would make a file if it were ever unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("kind", ["objects", "structured", "pickle", "header only"])
def test_objects_are_refused_and_nothing_runs(tmp_path: Path, kind: str) -> None:
    path, trace = tmp_path / "evil.npy", tmp_path / "trace"
    evil = Payload(trace)
    if kind == "pickle":
        path.write_bytes(pickle.dumps(evil))
    else:
        dtype = [("a", "O"), ("b", "i4")] if kind == "structured" else object
        array = np.zeros(1, dtype)
        array[0] = (evil, 1) if kind == "structured" else evil
        np.save(path, array, allow_pickle=True)
        if kind == "header only":
            path.write_bytes(path.read_bytes()[:128])
    with pytest.raises(GradusError, match=r"evil\.npy: (holds Python objects|not a valid)"):
        read_npy(path)
    assert not trace.exists()


def with_header(header: str, body: bytes = b"", version: bytes = b"\1\0") -> bytes:
    raw = header.encode("latin1")
    return b"\x93NUMPY" + version + len(raw).to_bytes(2 if version == b"\1\0" else 4, "little") + raw + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\1\0\xff\xff{",
        with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (10**3,), }\n"),
        with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n", b"x" * 8),
        with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }\n", b"x" * 8),
        with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (True,), }\n", b"x" * 8),
        with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", b"x" * 7),
        with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", b"x" * 9),
        with_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", b"x" * 8),
        with_header("{'descr': 'nonsense', 'fortran_order': False, 'shape': (1,), }\n"),
        with_header("{'shape': (1,), }\n"),
        with_header("__import__('os').abort()\n"),
        with_header("(" * 9000 + "\n"),
        with_header("[" * 200_000 + "\n", version=b"\2\0"),
        with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", b"x" * 8, b"\3\0"),
    ],
)
def test_lying_header_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(GradusError, match=r"a\.npy: ") as caught:
        read_npy(tmp_path / "a.npy")
    assert "\n" not in str(caught.value)


def test_every_prefix_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(5))
    whole = (tmp_path / "a.npy").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "a.npy").write_bytes(whole[:length])
        with pytest.raises(GradusError):
            read_npy(tmp_path / "a.npy")


def test_no_code_of_ours_lets_numpy_unpickle() -> None:
    for path in Path(gradus.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("np.load", "numpy.load"):
                continue
            allowed = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            assert allowed.get("allow_pickle") == "False", f"{path}:{node.lineno}"
