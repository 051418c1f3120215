"""Checkpoints that are complete or absent, notice every changed byte, and never run code.

A checkpoint NAME is two files: `NAME.HASH.safetensors` (the tensors) and `NAME.json` (the manifest: the payload's
name, length and SHA-256, the state that is not tensors, and the SHA-256 of the manifest itself). The manifest
is renamed into place last; until then the checkpoint does not exist. As the payload's name holds its hash,
writing NAME again never touches the payload of the checkpoint it replaces.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradus.files import TEMPORARY, remove_quietly, sweep, write_atomically, write_failed
from gradus.training import strict_json, tensor_file
from gradus.training.errors import CheckpointError

if TYPE_CHECKING:
    import numpy as np
    import torch

FORMAT = "gradus-checkpoint-1"
MAX_MANIFEST = 256 * 2**20
_PAYLOAD = re.compile(r"^(?P<name>[^/\\\x00]+)\.(?P<hash>[0-9a-f]{16})\.safetensors$")
_STEP = re.compile(r"^step-(?P<step>\d{8,})\.json$")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: `tensors` by name, `state` (plain JSON), and the `path` of its manifest."""

    tensors: dict[str, torch.Tensor]
    state: Any
    path: Path


def manifest_path(path: str | os.PathLike[str]) -> Path:
    """The manifest's file for a checkpoint named with or without `.json`."""
    path = Path(path)
    return path if path.suffix == ".json" else path.with_name(path.name + ".json")


def _hashed(
    pieces: Iterator[bytes | memoryview], digest: Any, length: list[int]
) -> Iterator[bytes | memoryview]:
    for piece in pieces:
        digest.update(piece)
        length[0] += len(piece)
        yield piece


def seal(manifest: dict[str, Any]) -> bytes:
    """The manifest as it is written: canonical JSON with its own SHA-256."""
    return strict_json.dumps({**manifest, "sha256": hashlib.sha256(strict_json.dumps(manifest)).hexdigest()})


def save_checkpoint(
    path: str | os.PathLike[str], tensors: Mapping[str, torch.Tensor | np.ndarray], state: Any
) -> Path:
    """Write a checkpoint; a reader sees the whole of it, or what was there before.

    Args:
        path: its name, with or without `.json`; the folder is made if needed.
        tensors: dense tensors, or NumPy arrays, by name.
        state: anything JSON can hold (finite numbers only).

    Returns:
        The path of the manifest, for `load_checkpoint`.

    Raises:
        GradusError: when the disk is full or the system refuses; an older checkpoint of that name is intact.
        CheckpointError: when a tensor or the state cannot be stored.
    """
    manifest_file = manifest_path(path)
    name = manifest_file.name.removesuffix(".json")
    try:
        manifest_file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failed(manifest_file.parent, error) from None
    # The hash is part of the payload's name, so it is taken first; hashing runs at memory speed.
    digest, length = hashlib.sha256(), [0]
    for _ in _hashed(tensor_file.encode(tensors), digest, length):
        pass
    payload = f"{name}.{digest.hexdigest()[:16]}.safetensors"
    manifest = {"format": FORMAT, "payload": payload, "payload_bytes": length[0], "payload_sha256": digest.hexdigest(), "state": state}  # fmt: skip
    try:
        sealed = seal(manifest)
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"expected a state that JSON can hold, got one that it cannot: {error}"
        ) from None
    write_atomically(manifest_file.with_name(payload), tensor_file.encode(tensors))
    write_atomically(manifest_file, [sealed])
    _remove_payloads(manifest_file, keep=payload)
    return manifest_file


def _remove_payloads(manifest_file: Path, keep: str | None = None) -> None:
    name = manifest_file.name.removesuffix(".json")
    for other in manifest_file.parent.glob("*.safetensors"):
        match = _PAYLOAD.match(other.name)
        if match and match["name"] == name and other.name != keep:
            remove_quietly(other)


def _read_manifest(manifest_file: Path) -> dict[str, Any]:
    data = bytes(tensor_file.read_bytes(manifest_file, MAX_MANIFEST))
    manifest = strict_json.loads(data)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("sha256"), str):
        raise CheckpointError(f"expected a checkpoint's manifest in {manifest_file}, got another JSON value")
    del manifest["sha256"]
    # Comparing the whole spelling leaves no byte, not even white space, that could change unnoticed.
    if not hmac.compare_digest(seal(manifest), data):
        raise CheckpointError(
            f"the manifest {manifest_file} was changed or damaged: its SHA-256 does not match"
        )
    if manifest.get("format") != FORMAT or not isinstance(manifest.get("payload"), str):
        raise CheckpointError(
            f"expected format {FORMAT!r} in {manifest_file}, got {manifest.get('format')!r}"
        )
    match = _PAYLOAD.match(manifest["payload"])
    if not match or "state" not in manifest:
        raise CheckpointError(
            f"expected {manifest_file} to name a payload beside it, got {manifest['payload']!r}"
        )
    return manifest


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint, after checking every byte of it. No code is run.

    Raises:
        CheckpointError: when it is absent, truncated, changed in any byte, or malformed.
    """
    data, state, manifest_file = _verified(path)
    return Checkpoint(tensor_file.decode(data), state, manifest_file)


def load_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], Any]:
    """The tensors of a checkpoint as NumPy arrays, and its state; as `load_checkpoint`, and without PyTorch.

    Raises:
        CheckpointError: as `load_checkpoint`, and for a dtype that NumPy lacks.
    """
    data, state, _ = _verified(path)
    return tensor_file.decode_arrays(data), state


def _verified(path: str | os.PathLike[str]) -> tuple[bytearray, Any, Path]:
    """Payload, state and manifest's file of a checkpoint of which every byte is checked."""
    manifest_file = manifest_path(path)
    manifest = _read_manifest(manifest_file)
    payload = manifest_file.with_name(manifest["payload"])
    data = tensor_file.read_bytes(payload)
    if len(data) != manifest.get("payload_bytes"):
        raise CheckpointError(f"expected {manifest.get('payload_bytes')} bytes in {payload}, got {len(data)}")
    digest = hashlib.sha256(data).hexdigest()
    if digest != manifest.get("payload_sha256"):
        raise CheckpointError(f"the payload {payload} was changed or damaged: its SHA-256 does not match")
    return data, manifest["state"], manifest_file


def step_of(manifest_file: Path) -> int | None:
    """The step in a manifest's name, `step-00000120.json`; None for other files."""
    match = _STEP.match(manifest_file.name)
    return int(match["step"]) if match else None


def list_checkpoints(folder: Path) -> list[Path]:
    """The manifests of a folder's steps, oldest first."""
    if not folder.is_dir():
        return []
    manifests = [(step, path) for path in folder.iterdir() if (step := step_of(path)) is not None]
    return [path for _, path in sorted(manifests)]


def newest_checkpoint(folder: Path, tell: Callable[[str], None] = lambda line: None) -> Checkpoint | None:
    """The newest checkpoint of a folder that is whole; None when the folder has none at all.

    Raises:
        CheckpointError: when there are checkpoints, and every one is damaged.
    """
    last: CheckpointError | None = None
    for path in reversed(list_checkpoints(folder)):
        try:
            return load_checkpoint(path)
        except CheckpointError as error:
            tell(f"skipping a damaged checkpoint: {error}")
            last = error
    if last is not None:
        raise last
    return None


def remove_checkpoint(manifest_file: Path) -> None:
    """Remove a checkpoint: its manifest first, so that what is left is never taken for whole."""
    remove_quietly(manifest_file)
    _remove_payloads(manifest_file)


def prune(folder: Path, *, keep: int, also: set[int]) -> None:
    """Keep the newest `keep` steps and those in `also`."""
    for path in list_checkpoints(folder)[:-keep]:
        if step_of(path) not in also:
            remove_checkpoint(path)


def sweep_orphans(folder: Path) -> list[Path]:
    """Remove what a killed writer left: temporary files, and payloads that no manifest can name."""
    if not folder.is_dir():
        return []
    manifests = {path.name.removesuffix(".json") for path in folder.glob("*.json")}

    def wanted(path: Path) -> bool:
        match = _PAYLOAD.match(path.name)
        return not path.name.endswith(TEMPORARY) and (match is None or match["name"] in manifests)

    return sweep(folder, wanted)
