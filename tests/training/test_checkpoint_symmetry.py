"""What `save_checkpoint` writes, `load_checkpoint` gives back as it was; all else is refused when it is saved."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradus import GradusError
from gradus.training import CheckpointError, load_checkpoint, save_checkpoint, tensor_file, tensor_header
from gradus.training.checkpoint import load_arrays, seal
from gradus.training.step_folder import newest_checkpoint, step_of, sweep_orphans


def complexes() -> torch.Tensor:
    return torch.randn(3, 4, dtype=torch.complex64, generator=torch.Generator().manual_seed(1))


def reals() -> torch.Tensor:
    return torch.arange(24.0).reshape(4, 6)


LAZY = {
    "conjugated": lambda: complexes().conj(),
    "negated": lambda: complexes().conj().imag,
    "negated bit": lambda: torch._neg_view(reals()),
    "conjugated and negated": lambda: torch._neg_view(complexes().conj()),
    "transposed and conjugated": lambda: complexes().mH,
    "transposed": lambda: reals().t(),
    "sliced": lambda: reals()[1:, ::2],
    "one column": lambda: reals()[:, 3],
    "expanded": lambda: torch.tensor([[1.5], [2.5]]).expand(2, 5),
    "permuted": lambda: torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
    "flipped": lambda: reals().flip(0),
    "windows over each other": lambda: torch.arange(6.0).unfold(0, 3, 1),
    "channels last": lambda: torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "real part": lambda: torch.view_as_real(complexes())[..., 1],
    "a parameter": lambda: nn.Parameter(reals().t()),
    "in a graph": lambda: reals().requires_grad_() * 2,
    "no entries": lambda: torch.empty(0, 3).t(),
    "a number": lambda: torch.tensor(2.5).expand(()),
    "half": lambda: reals().to(torch.bfloat16).t(),
    "truth of other bytes": lambda: torch.tensor([0, 1, 2, 255], dtype=torch.uint8).view(torch.bool),
}
ARRAYS = {
    "transposed": lambda: np.arange(6.0).reshape(2, 3).T,
    "sliced": lambda: np.arange(24.0).reshape(4, 6)[1:, ::2],
    "backwards": lambda: np.arange(5)[::-1],
    "broadcast": lambda: np.broadcast_to(np.float32([1.5, 2.5]), (3, 2)),
    "read only": lambda: np.frombuffer(b"12345678", np.int64),
    "Fortran order": lambda: np.asfortranarray(np.arange(6).reshape(2, 3)),
    "field of a record": lambda: np.array([(1, 2.5), (3, 4.5)], dtype="i4,f8")["f1"],
    "truth of other bytes": lambda: np.array([0, 1, 2], np.uint8).view(np.bool_),
}


@pytest.mark.parametrize("name", LAZY)
def test_a_tensor_comes_back_by_value(tmp_path: Path, name: str) -> None:
    value = LAZY[name]()
    loaded = load_checkpoint(save_checkpoint(tmp_path / "a", {"x": value}, None)).tensors["x"]
    assert loaded.dtype == value.dtype and loaded.shape == value.shape
    assert torch.equal(loaded.int() if loaded.dtype == torch.bool else loaded, value.int() if loaded.dtype == torch.bool else value.detach())  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back_by_value(tmp_path: Path, name: str) -> None:
    value = ARRAYS[name]()
    loaded, _ = load_arrays(save_checkpoint(tmp_path / "a", {"x": value}, None))
    assert loaded["x"].dtype == value.dtype and np.array_equal(
        loaded["x"], value != 0 if value.dtype == bool else value
    )


def nested(depth: int, kind: str = "list") -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


STATES = {
    "nested as deep as is read": nested(63), "objects as deep": nested(63, "dict"), "numbers": [0, -1, 2**64, 0.1, -0.0, 5e-324],
    "text": ["", "β", "\0", "\n", "𐀀", "[[[{{{", '"\\', "\ud800", "\udcff"], "truth": [True, False, None], "empty": [{}, [], ""],
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_a_state_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    assert repr(load_checkpoint(save_checkpoint(tmp_path / "a", {}, STATES[name])).state) == repr(
        STATES[name]
    )


def circle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


REFUSED: dict[str, Any] = {
    "nested too deep": nested(64), "objects too deep": nested(64, "dict"), "without an end": circle(), "a million deep": nested(10**5),
    "a whole number as key": {1: "a"}, "two keys that become one": {1: "a", "1": "b"}, "None as key": {None: 1},
    "truth as key": {True: 1}, "a tuple": (1, 2), "a tuple within": {"a": [{"b": (1,)}]}, "a tuple as key": {(1, 2): 3}, "a set": {1},
    "bytes": b"a", "complex": 1j, "NaN": [math.nan], "infinite": -math.inf, "an array": np.zeros(2), "a tensor": torch.zeros(2),
    "half characters": "\ud800\udc00", "half characters as key": {"\ud800\udc00": 1}, "NumPy's whole number": np.int64(3),
    "a number of 5000 digits": 10**5000,
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_state_that_would_come_back_as_another_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        save_checkpoint(tmp_path / "a", {}, REFUSED[name])
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


TENSORS: dict[str, Any] = {
    "the format's own name": {"__metadata__": torch.zeros(2)}, "a number as name": {1: torch.zeros(2)},
    "names that become one": {1: torch.zeros(2), "1": torch.ones(2)}, "half characters": {"\ud800\udc00": torch.zeros(1)},
    "a list": {"a": [1.0]}, "a number": {"a": 1.0}, "NumPy's number": {"a": np.float64(1)}, "none": {"a": None},
    "sparse": {"a": torch.eye(2).to_sparse()}, "meta": {"a": torch.empty(2, device="meta")},
    "nested": lambda: {"a": torch.nested.nested_tensor([torch.zeros(1), torch.zeros(2)])}, "lazy": {"a": nn.LazyLinear(2).weight},
    "double complex": {"a": torch.zeros(2, dtype=torch.complex128)}, "masked": {"a": np.ma.masked_array([1.0, 2.0], [True, False])},
    "quantised": lambda: {"a": torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8)}, "records": {"a": np.zeros(2, "i4,f8")},
    "strides that overflow": {"a": torch.empty(2**40, 2**22, 0)}, "dates": {"a": np.zeros(2, "M8[s]")},
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_that_would_not_be_read_is_refused(tmp_path: Path, name: str) -> None:
    tensors = TENSORS[name]() if callable(TENSORS[name]) else TENSORS[name]
    with pytest.raises(CheckpointError) as caught:
        save_checkpoint(tmp_path / "a", tensors, None)
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_as_many_tensors_as_are_read_are_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tensor_file, tensor_header):
        monkeypatch.setattr(module, "MAX_TENSORS", 3)
    names = ["data_offsets", "{", '"data_offsets"']
    path = save_checkpoint(tmp_path / "a", {name: torch.zeros(0) for name in names}, None)
    assert set(load_checkpoint(path).tensors) == set(names)
    with pytest.raises(CheckpointError, match="at most 3 tensors, got 4"):
        save_checkpoint(tmp_path / "b", {str(i): torch.zeros(0) for i in range(4)}, None)


def test_a_state_longer_than_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradus.training.checkpoint.MAX_MANIFEST", 1000)
    with pytest.raises(CheckpointError, match="at most 1000 bytes"):
        save_checkpoint(tmp_path / "a", {}, "a" * 1000)


@pytest.mark.parametrize("content", [b"{}", b"", b'{"size": 3}', b"\x80\x02"])
def test_a_file_that_is_no_checkpoint_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(CheckpointError, match="is no checkpoint: choose another name"):
        save_checkpoint(tmp_path / "model", {}, None)
    assert (tmp_path / "model.json").read_bytes() == content


def test_payloads_of_others_stay(tmp_path: Path) -> None:
    first = save_checkpoint(tmp_path / "model", {"a": torch.zeros(1)}, None)
    others = [
        tmp_path / "model.0123456789abcdef.safetensors",
        tmp_path / "other.0123456789abcdef.safetensors",
    ]
    for path in others:
        path.write_bytes(b"mine")
    orphan = b"left by a killed writer"
    left = tmp_path / f"model.{hashlib.sha256(orphan).hexdigest()[:16]}.safetensors"
    left.write_bytes(orphan)
    save_checkpoint(tmp_path / "model", {"a": torch.ones(1)}, None)
    sweep_orphans(tmp_path)
    assert (
        {*others, first} < set(tmp_path.iterdir())
        and len(list(tmp_path.iterdir())) == 4
        and not left.exists()
    )


# Sealed, but senseless


def sealed(folder: Path, header: Any, body: bytes = b"", **changes: Any) -> Path:
    """A checkpoint whose hashes are right, of a header that no writer writes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    payload = len(text).to_bytes(8, "little") + text + body
    digest = hashlib.sha256(payload).hexdigest()
    name = f"a.{digest[:16]}.safetensors"
    (folder / name).write_bytes(payload)
    manifest = {
        "format": "gradus-checkpoint-1", "payload": name, "payload_bytes": len(payload), "payload_sha256": digest, "state": None,
    }  # fmt: skip
    (folder / "a.json").write_bytes(seal(manifest | changes))
    return folder / "a.json"


def entry(dtype: Any = "F32", shape: Any = (0,), offsets: Any = (0, 0)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


SENSELESS: dict[str, tuple[Any, bytes]] = {
    "a product beyond 64 bits, times 0": ({"a": entry(shape=[2**61, 2**61, 0])}, b""),
    "the 0 first": ({"a": entry(shape=[0, 2**40, 2**40])}, b""),
    "strides beyond 63 bits": ({"a": entry("U8", [2**61, 4, 0])}, b""),
    "a product that wraps": ({"a": entry(shape=[2**32, 2**32, 1], offsets=[0, 0])}, b""),
    "65 dimensions": ({"a": entry(shape=[0] * 65)}, b""),
    "a truth value of 2": ({"a": entry("BOOL", [2], [0, 2])}, b"\x01\x02"),
    "a truth value of 255": ({"a": entry("BOOL", [], [0, 1])}, b"\xff"),
    "a hundred thousand tensors": ({f"t{i}": entry() for i in range(10**5)}, b""),
    "a negative shape": ({"a": entry(shape=[-1], offsets=[0, 0])}, b""),
    "two negative dimensions": ({"a": entry(shape=[-1, -2], offsets=[0, 8])}, bytes(8)),
    "negative offsets": ({"a": entry(shape=[2], offsets=[-8, 0])}, b""),
    "offsets that cross": ({"a": entry("U8", [4], [0, 4]), "b": entry("U8", [4], [2, 6])}, bytes(6)),
    "one place for two": ({"a": entry("U8", [4], [0, 4]), "b": entry("U8", [4], [0, 4])}, bytes(4)),
    "an empty one within another": ({"a": entry("U8", [4], [0, 4]), "b": entry("U8", [0], [2, 2])}, bytes(4)),
    "an empty one behind the end": ({"a": entry("U8", [0], [9, 9])}, b""),
    "a wrong dtype": ({"a": entry("F8_E4M3")}, b""),
    "a dtype in small letters": ({"a": entry("f32")}, b""),
    "a dtype that is a list": ({"a": entry(["F32"])}, b""),
    "a name twice": (b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}', b""),
    "a field twice": (b'{"a":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}}', b""),
    "numbers of 5000 digits": (b'{"a":{"dtype":"U8","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,0]}}', b""),
    "nested objects": (b'{"a":' * 200 + b"1" + b"}" * 200, b""),
    "quotes without an end": (b'{"' + b'\\"' * 10**6, b""),
    "metadata a number": ({"__metadata__": 3}, b""),
    "metadata nested": ({"__metadata__": {"a": {"b": "c"}}}, b""),
    "an infinite shape": (b'{"a":{"dtype":"U8","shape":[1e999],"data_offsets":[0,0]}}', b""),
    "null": (b"null", b""),
    "an empty header": (b"", b""),
}  # fmt: skip


@pytest.mark.parametrize("name", SENSELESS)
def test_a_sealed_header_without_sense_is_refused_in_time(tmp_path: Path, name: str) -> None:
    path = sealed(tmp_path, *SENSELESS[name])
    begun = time.process_time()
    for read in (load_checkpoint, load_arrays):
        with pytest.raises(CheckpointError) as caught:
            read(path)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    assert time.process_time() - begun < 2


def test_a_name_that_ends_in_a_line_feed_is_no_checkpoints(tmp_path: Path) -> None:
    assert step_of(Path("step-00000012.json\n")) is None and step_of(Path("step-00000012.json")) == 12
    assert step_of(Path("step-٠٠٠٠٠٠١٢.json")) is None
    path = sealed(tmp_path, {})
    name = json.loads(path.read_text())["payload"]
    (tmp_path / f"{name}\n").write_bytes((tmp_path / name).read_bytes())
    load_checkpoint(path)
    with pytest.raises(CheckpointError, match="name a payload beside it"):
        load_checkpoint(sealed(tmp_path, {}, payload=f"{name}\n"))
    (tmp_path / "step-00000012.json\n").write_text("mine")
    (tmp_path / f"step-00000012.{'0' * 16}.safetensors\n").write_text("mine")
    sweep_orphans(tmp_path)
    assert newest_checkpoint(tmp_path) is None and len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"payload_bytes": True}, {"payload_bytes": "10"}, {"payload_bytes": -1}, {"payload_bytes": None}, {"payload_bytes": 2**70},
        {"payload_sha256": None}, {"payload_sha256": []}, {"payload": "\ud800." + "0" * 16 + ".safetensors"}, {"payload": 3},
        {"payload": "a" * 5000 + "." + "0" * 16 + ".safetensors"}, {"format": None}, {"format": ["gradus-checkpoint-1"]},
    ],
)  # fmt: skip
def test_a_sealed_manifest_without_sense_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError):
        load_checkpoint(sealed(tmp_path, {}, **changes))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(CheckpointError, match="no regular file"):
        load_checkpoint(tmp_path / "a")
    with pytest.raises(GradusError, match="is no checkpoint"):
        save_checkpoint(tmp_path / "a", {}, None)
