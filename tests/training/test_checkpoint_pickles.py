"""Nothing in a checkpoint ever runs, and no file elsewhere is read in its place."""

import io
import json
import os
import pickle
import re
from pathlib import Path

import pytest
import torch
from small_checkpoint import payload_of, reject

from gradus.training import CheckpointError, tensor_file

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


def test_a_payload_elsewhere_is_not_followed(saved: Path) -> None:
    from gradus.training.checkpoint import seal

    manifest = json.loads(saved.read_text())
    del manifest["sha256"]
    for name in ("../x.0123456789abcdef.safetensors", "/etc/passwd", "a\\b.0123456789abcdef.safetensors", ""):
        saved.write_bytes(seal(manifest | {"payload": name}))
        reject(saved)
