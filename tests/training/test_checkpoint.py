"""Checkpoints: what is saved comes back bit for bit, every damaged byte is noticed, folders are kept in order."""

import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_checkpoint import STATE, payload_of, reject, tensors

from gradus.training import CheckpointError, load_checkpoint, save_checkpoint
from gradus.training.checkpoint import load_arrays
from gradus.training.step_folder import newest_checkpoint, sweep_orphans
from gradus.training.tree import pack, unpack


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
