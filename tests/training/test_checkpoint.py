"""Checkpoints: every damaged byte is noticed, nothing in one ever runs, and a failed write harms nothing."""

import errno
import io
import json
import os
import pickle
import random
import re
import resource
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from failing_calls import Failing
from safetensors.torch import load_file

from gradus import GradusError
from gradus.training import CheckpointError, load_checkpoint, save_checkpoint, tensor_file
from gradus.training.checkpoint import load_arrays
from gradus.training.step_folder import newest_checkpoint, sweep_orphans
from gradus.training.strict_json import loads
from gradus.training.tree import pack, unpack


def tensors(size: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "weight": torch.randn(size, size, generator=generator),
        "half": torch.randn(5, generator=generator).to(torch.bfloat16),
        "wide": torch.randn(2, 3, generator=generator, dtype=torch.float64).t(),
        "count": torch.tensor(7),
        "flags": torch.tensor([True, False]),
        "empty": torch.empty(0, 4),
        "complex": torch.randn(2, generator=generator, dtype=torch.complex64).conj(),
    }


STATE = {"step": 12, "rate": 0.1, "names": ["a", "β"], "none": None}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return save_checkpoint(tmp_path / "step-00000012", tensors(), STATE)


def payload_of(manifest: Path) -> Path:
    return manifest.with_name(json.loads(manifest.read_text())["payload"])


def test_round_trip_keeps_every_bit(saved: Path) -> None:
    loaded = load_checkpoint(saved)
    assert loaded.state == STATE
    assert set(loaded.tensors) == set(tensors())
    for name, value in tensors().items():
        assert loaded.tensors[name].dtype == value.dtype
        assert torch.equal(loaded.tensors[name], value)


def test_the_payload_is_an_ordinary_safetensors_file(saved: Path) -> None:
    for name, value in load_file(payload_of(saved)).items():
        assert torch.equal(value, tensors()[name]), name


def test_saving_again_replaces_and_leaves_one_payload(saved: Path) -> None:
    save_checkpoint(saved, {"weight": torch.zeros(2)}, {"step": 13})
    assert load_checkpoint(saved).state == {"step": 13}
    assert len(list(saved.parent.glob("*.safetensors"))) == 1


@pytest.mark.parametrize("value", [torch.zeros(2, 2).to_sparse(), torch.empty(2, device="meta")])
def test_what_cannot_be_stored_is_refused(tmp_path: Path, value: torch.Tensor) -> None:
    with pytest.raises(CheckpointError, match="expected dense tensors"):
        save_checkpoint(tmp_path / "a", {"value": value}, {})


@pytest.mark.parametrize("state", [float("nan"), {"f": print}, {"x": float("inf")}])
def test_a_state_beyond_json_is_refused(tmp_path: Path, state: object) -> None:
    with pytest.raises(CheckpointError, match="JSON"):
        save_checkpoint(tmp_path / "a", {}, state)


def test_packed_state_returns_bit_for_bit() -> None:
    value = {0: {"step": torch.tensor(3.0), "k": (1, 0.1, None)}, "x": [float("inf"), -0.0, True, {"y": ()}]}
    found: dict[str, torch.Tensor] = {}
    assert repr(unpack(json.loads(json.dumps(pack(value, "p", found))), found)) == repr(value)
    with pytest.raises(CheckpointError, match="expected state made of"):
        pack({"f": print}, "p", {})
    for wrong in ({"tensor": "no"}, {"a": 1, "b": 2}, {"float": "x"}, [1], {"dict": [[1]]}, {"tuple": 3}):
        with pytest.raises(CheckpointError, match="expected packed state"):
            unpack(wrong, {})


# T-TRUNC


def reject(manifest: Path) -> None:
    with pytest.raises(CheckpointError):
        load_checkpoint(manifest)


def test_every_prefix_is_rejected(saved: Path) -> None:
    for path in (saved, payload_of(saved)):
        whole = path.read_bytes()
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            reject(saved)
        path.write_bytes(whole)
    assert load_checkpoint(saved).state == STATE


def test_random_prefixes_of_a_larger_one_are_rejected(tmp_path: Path) -> None:
    manifest = save_checkpoint(tmp_path / "a", tensors(200), STATE)
    payload, rng = payload_of(manifest), random.Random(1)
    size = payload.stat().st_size
    for length in sorted(rng.sample(range(size), 500), reverse=True):
        os.truncate(payload, length)
        reject(manifest)


def test_a_missing_file_is_a_checkpoint_error(saved: Path, tmp_path: Path) -> None:
    reject(tmp_path / "absent")
    payload_of(saved).unlink()
    reject(saved)


# T-FLIP


def test_every_flipped_bit_and_every_hole_is_noticed(tmp_path: Path) -> None:
    manifest = save_checkpoint(tmp_path / "a", tensors(12), STATE)
    rng = random.Random(2)
    for path in (manifest, payload_of(manifest)):
        whole = path.read_bytes()
        for _ in range(1000):
            changed = bytearray(whole)
            changed[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
            path.write_bytes(changed)
            reject(manifest)
        holes = 0
        while holes < 250:
            begin = rng.randrange(len(whole))
            changed = bytearray(whole)
            changed[begin : begin + 64] = bytes(len(changed[begin : begin + 64]))
            if changed == whole:
                continue  # a hole in zeros is no change
            path.write_bytes(changed)
            reject(manifest)
            holes += 1
        path.write_bytes(whole)
    assert load_checkpoint(manifest).state == STATE


# T-HDR


def file_with(header: object, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


EIGHT = bytes(8)
MALFORMED = {
    "no bytes": b"",
    "seven bytes": b"1234567",
    "length beyond the file": file_with(b"{}", length=1000),
    "huge length": b"\xff" * 8 + b"{}",
    "not json": file_with(b"{a"),
    "not utf-8": file_with(b'{"\xff":1}'),
    "a list": file_with([]),
    "unknown dtype": file_with(entry("F31"), EIGHT),
    "dtype a number": file_with(entry(3), EIGHT),
    "negative dimension": file_with(entry(shape=[-2]), EIGHT),
    "fractional dimension": file_with(entry(shape=[2.0]), EIGHT),
    "boolean dimension": file_with(entry(shape=[True, 2]), EIGHT),
    "shape a text": file_with(entry(shape="2"), EIGHT),
    "huge shape": file_with(entry(shape=[2**40, 2**40]), EIGHT),
    "product wraps to the right size": file_with(entry(shape=[2**61, 2**61, 8, 2]), EIGHT),
    "too many dimensions": file_with(entry(shape=[1] * 100000 + [2]), EIGHT),
    "offsets reversed": file_with(entry(offsets=[8, 0]), EIGHT),
    "offsets beyond the file": file_with(entry(offsets=[0, 16], shape=[4]), EIGHT),
    "one offset": file_with(entry(offsets=[8]), EIGHT),
    "a hole": file_with(entry(offsets=[8, 16]), bytes(16)),
    "overlap": file_with({**entry(), "b": entry()["a"]}, EIGHT),
    "trailing bytes": file_with(entry(), bytes(9)),
    "missing field": file_with({"a": {"dtype": "F32", "shape": [2]}}, EIGHT),
    "surplus field": file_with({"a": {**entry()["a"], "x": 1}}, EIGHT),  # type: ignore[dict-item]
    "entry a number": file_with({"a": 3}),
    "duplicate name": file_with(b'{"a":1,"a":2}'),
    "metadata not text": file_with({"__metadata__": {"a": 1}}),
    "deep nesting": file_with(b"[" * 100000),
    "not a number": file_with(b'{"a":NaN}'),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_headers_are_rejected(name: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(CheckpointError):
        tensor_file.decode(bytearray(MALFORMED[name]))
    assert time.perf_counter() - begin < 1


def fuzz(count: int, seed: int) -> None:
    """Change well-formed files in their headers; each is refused, or read without harm."""
    rng = random.Random(seed)
    whole = b"".join(bytes(piece) for piece in tensor_file.encode(tensors()))
    end = 8 + int.from_bytes(whole[:8], "little")
    tokens = [
        b"-1",
        b"1e999",
        b"[",
        b"{",
        b'"',
        b",",
        b"null",
        b"99999999999999999999",
        b"\x00",
        b"F64",
        b"true",
    ]
    before, accepted = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    for _ in range(count):
        changed = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(end) if rng.random() < 0.9 else rng.randrange(8)
            if rng.random() < 0.5:
                changed[place] = rng.randrange(256)
            else:
                token = rng.choice(tokens)
                changed[place : place + len(token)] = token
        begin = time.perf_counter()
        try:
            read = tensor_file.decode(changed)
            accepted += 1
        except CheckpointError:
            read = {}
        assert sum(value.numel() for value in read.values()) <= len(whole)
        assert time.perf_counter() - begin < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
    assert 0 < accepted < count / 2, "changed names read well, most other changes do not"


def test_fuzzed_headers_do_no_harm() -> None:
    fuzz(10_000, 3)


@pytest.mark.slow
def test_many_fuzzed_headers_do_no_harm() -> None:
    fuzz(100_000, 4)


# T-JSON


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e999}', b'{"a":1,"a":1}', b'{"x":{"a":1,"a":2}}',
        b"[" * 65 + b"]" * 65, b"[" * 10**6, b'{"a":' * 10**5, b"", b"{", b"{}{}", b"'a'", b"\xff\xfe", b"{,}", b"nul",
        b"9" * 10000,
    ],
)  # fmt: skip
def test_json_with_traps_is_refused(text: bytes, saved: Path) -> None:
    with pytest.raises(CheckpointError):
        loads(text)
    saved.write_bytes(text)
    reject(saved)


def test_brackets_in_text_are_not_nesting() -> None:
    text = json.dumps({"a": "[" * 1000 + '"\\'}).encode()
    assert loads(text) == json.loads(text)


# T-PICKLE

MARK = "executed"


class Evil:
    """Runs a function when it is unpickled."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call  # type: ignore[return-value]


def payloads(mark: Path) -> list[bytes]:
    """Pickles in all protocols, bare and inside PyTorch's two formats, each of which would make a file."""
    code = f"open({str(mark)!r}, 'w')"
    evils = [Evil(os.system, f"touch {mark}"), Evil(eval, code), Evil(exec, code), Evil(open, str(mark), "w")]
    nested = [{"weight": [evil]} for evil in evils]
    raw = [pickle.dumps(item, protocol) for item in (*evils, *nested) for protocol in range(6)]
    for new_format in (True, False):
        for item in (*evils, {"a": torch.zeros(2), "b": evils[0]}, torch.zeros(3).to_sparse()):
            buffer = io.BytesIO()
            torch.save(item, buffer, _use_new_zipfile_serialization=new_format)
            raw.append(buffer.getvalue())
    return raw


def test_no_pickle_is_loaded_or_run(tmp_path: Path, saved: Path) -> None:
    mark = tmp_path / MARK
    attacks = payloads(mark)
    assert len(attacks) >= 60
    pickle.loads(attacks[0])
    assert mark.exists(), "the payload must be able to run, or this test shows nothing"
    mark.unlink()
    payload, manifest = payload_of(saved), saved.read_bytes()
    for attack in attacks:
        saved.write_bytes(attack)
        reject(saved)
        saved.write_bytes(manifest)
        payload.write_bytes(attack)
        reject(saved)
        with pytest.raises(CheckpointError):
            tensor_file.decode(bytearray(attack))
    assert not mark.exists()


def test_nothing_in_the_package_can_unpickle() -> None:
    package = Path(tensor_file.__file__).parent.parent
    forbidden = re.compile(
        r"weights_only\s*=\s*False|^\s*(import|from)\s+(pickle|dill|shelve|joblib)|torch\.load\(", re.M
    )
    found = [path for path in package.rglob("*.py") if forbidden.search(path.read_text(encoding="utf-8"))]
    assert found == []


ARRAYS = {
    "double": np.arange(6.0).reshape(2, 3).T,
    "single": np.float32([1.5, np.nan, -0.0]),
    "complex": np.array([1 + 2j], np.complex64),
    "bits": np.array([True, False, True]),
    "number": np.array(7),
    "empty": np.empty((0, 4), np.uint16),
}


def test_arrays_and_tensors_are_the_same_file(tmp_path: Path) -> None:
    twins = {name: torch.from_numpy(array.copy()) for name, array in ARRAYS.items()}
    first, second = (save_checkpoint(tmp_path / n, v, STATE) for n, v in (("a", ARRAYS), ("b", twins)))
    assert payload_of(first).read_bytes() == payload_of(second).read_bytes()
    for path in (first, second):
        arrays, state = load_arrays(path)
        assert state == STATE and arrays.keys() == ARRAYS.keys()
        for name, array in ARRAYS.items():
            assert arrays[name].dtype == array.dtype and arrays[name].shape == array.shape
            assert arrays[name].tobytes() == array.tobytes()
    read = load_checkpoint(first).tensors
    assert all(
        torch.equal(read[n].view(torch.uint8), twins[n].contiguous().view(torch.uint8))
        for n in ("single", "bits")
    )


def test_what_numpy_cannot_hold_or_store_is_refused(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "half", {"half": torch.zeros(3, dtype=torch.bfloat16)}, None)
    with pytest.raises(CheckpointError, match="dtypes of NumPy, got BF16 for tensor 'half'"):
        load_arrays(path)
    for array in (
        np.array([object()]),
        np.arange(3.0).astype(">f8"),
        np.array(["a"]),
        np.longdouble(1)[None],
    ):
        with pytest.raises(CheckpointError, match="storable dtype, got 'x'"):
            save_checkpoint(tmp_path / "other", {"x": array}, None)


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_headers_are_rejected_for_arrays_too(name: str) -> None:
    with pytest.raises(CheckpointError):
        tensor_file.decode_arrays(bytearray(MALFORMED[name]))


def test_a_payload_elsewhere_is_not_followed(saved: Path) -> None:
    from gradus.training.checkpoint import seal

    manifest = json.loads(saved.read_text())
    del manifest["sha256"]
    for name in ("../x.0123456789abcdef.safetensors", "/etc/passwd", "a\\b.0123456789abcdef.safetensors", ""):
        saved.write_bytes(seal(manifest | {"payload": name}))
        reject(saved)


# F-NTH, F-FULL


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES])
def test_the_nth_system_call_fails(tmp_path: Path, number: int) -> None:
    path = tmp_path / "step-00000001"
    save_checkpoint(path, tensors(), {"version": 0})
    for nth in range(1, 100):
        with pytest.MonkeyPatch.context() as patch:
            failing = Failing(patch, nth, number)
            try:
                save_checkpoint(path, {"weight": torch.full((4,), float(nth))}, {"version": nth})
                error = None
            except GradusError as caught:
                error = caught
        version = load_checkpoint(path).state["version"]
        if not failing.failed:
            assert error is None and version == nth and nth > 8
            break
        assert error is not None and "\n" not in str(error)
        assert ("disk full" in str(error)) == (number == errno.ENOSPC)
        # Whole in either version: after the rename even a failing fsync of the folder leaves the new one.
        assert version in (0, nth) or version == nth - 1
        sweep_orphans(tmp_path)
        assert not list(tmp_path.glob("*.tmp"))
    else:
        pytest.fail("never ran through")


def test_a_file_size_limit_is_a_clear_error(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "a", tensors(), STATE)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(GradusError, match="file size limit"):
            save_checkpoint(path, tensors(200), {"step": 13})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert load_checkpoint(path).state == STATE
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_is_called_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_checkpoint(tmp_path / "a", tensors(), STATE)
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda name, *rest: real("/dev/full" if str(name).endswith(".tmp") else name, *rest)
    )
    with pytest.raises(GradusError, match="disk full"):
        save_checkpoint(path, tensors(), {"step": 13})
    monkeypatch.undo()
    assert load_checkpoint(path).state == STATE


def test_no_permission_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GradusError, match="cannot write"):
        save_checkpoint(tmp_path / "file" / "a", {}, {})


# Folders


def test_a_damaged_newest_falls_back_to_the_one_before(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        last = save_checkpoint(tmp_path / f"step-{step:08d}", {"a": torch.tensor(step)}, {"step": step})
    payload = payload_of(last)
    payload.write_bytes(payload.read_bytes()[:-1])
    told: list[str] = []
    found = newest_checkpoint(tmp_path, told.append)
    assert found is not None and found.state == {"step": 2} and "damaged" in told[0]
    for path in tmp_path.glob("*.json"):
        path.write_text("{}")
    with pytest.raises(CheckpointError):
        newest_checkpoint(tmp_path)
    assert newest_checkpoint(tmp_path / "nowhere") is None


def test_orphans_are_swept(saved: Path) -> None:
    folder = saved.parent
    for name in ("step-00000013.json.99.tmp", "step-00000014.0123456789abcdef.safetensors"):
        (folder / name).write_bytes(b"half")
    (folder / "mine.txt").write_text("kept")
    assert len(sweep_orphans(folder)) == 2
    assert load_checkpoint(saved).state == STATE and (folder / "mine.txt").exists()
