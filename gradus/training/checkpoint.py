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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradus.files import remove_quietly, write_atomically, write_failed
from gradus.text import Text
from gradus.training import strict_json, tensor_file
from gradus.training.errors import CheckpointError

if TYPE_CHECKING:
    import numpy as np
    import torch

FORMAT = "gradus-checkpoint-1"
MAX_MANIFEST = 256 * 2**20
# Matched as a whole: `$` would let a line feed pass.
PAYLOAD = re.compile(r"(?P<name>[^/\\\x00]+)\.(?P<hash>[0-9a-f]{16})\.safetensors")


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
        state: anything JSON gives back as it was: text, finite numbers, truth values, None, lists, and dictionaries
            whose keys are text.

    Returns:
        The path of the manifest, for `load_checkpoint`.

    Raises:
        GradusError: when the disk is full or the system refuses; an older checkpoint of that name is intact.
        CheckpointError: when a tensor or the state cannot be stored as it is, or a file of that name is no checkpoint.
    """
    manifest_file = manifest_path(path)
    if manifest_file.exists() and not is_manifest(manifest_file):
        raise CheckpointError(
            Text(
                f"{manifest_file} is there and is no checkpoint: choose another name, or remove it first",
                f"{manifest_file} 已存在且不是检查点：请另取名称，或先删除它",
            )
        )
    return write_checkpoint(manifest_file, tensors, state)


def write_checkpoint(
    manifest_file: Path, tensors: Mapping[str, torch.Tensor | np.ndarray], state: Any
) -> Path:
    """`save_checkpoint` for a manifest's file in a folder of our own: whatever has that name is replaced."""
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
    sealed = seal(manifest)
    if len(sealed) > MAX_MANIFEST:
        raise CheckpointError(
            Text(
                f"expected a state of at most {MAX_MANIFEST} bytes, got {len(sealed)}",
                f"状态最多 {MAX_MANIFEST} 字节，得到 {len(sealed)} 字节",
            )
        )
    before = _named_payload(manifest_file)
    write_atomically(manifest_file.with_name(payload), tensor_file.encode(tensors))
    write_atomically(manifest_file, [sealed])
    _remove_payloads(manifest_file, before, keep=payload)
    return manifest_file


def is_manifest(path: Path) -> bool:
    """Whether a file is the manifest of a checkpoint, whole or damaged: told by its first bytes."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError:
        return False
    return FORMAT.encode() in head or b'"payload_sha256":"' in head


def _named_payload(manifest_file: Path) -> str:
    """The payload that a manifest names; empty where it names none."""
    try:
        return str(_read_manifest(manifest_file)["payload"])
    except CheckpointError:
        return ""


def _remove_payloads(manifest_file: Path, before: str, keep: str | None = None) -> None:
    """Remove the payload of the manifest that is no more, and those that a killed writer left.

    Another's file may have such a name: one that no manifest named is removed only if it holds what its name says.
    """
    name = manifest_file.name.removesuffix(".json")
    for other in manifest_file.parent.glob("*.safetensors"):
        match = PAYLOAD.fullmatch(other.name)
        if match and match["name"] == name and other.name != keep and other.is_file() and (
            other.name == before or holds_what_it_says(other, match["hash"])
        ):  # fmt: skip
            remove_quietly(other)


def holds_what_it_says(payload: Path, prefix: str) -> bool:
    """Whether the SHA-256 of a payload begins as its name says."""
    try:
        with payload.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest().startswith(prefix)
    except OSError:
        return False


def _read_manifest(manifest_file: Path) -> dict[str, Any]:
    data = bytes(tensor_file.read_bytes(manifest_file, MAX_MANIFEST))
    manifest = strict_json.loads(data)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("sha256"), str):
        raise CheckpointError(
            Text(
                f"expected a checkpoint's manifest in {manifest_file}, got another JSON value",
                f"{manifest_file} 应为检查点的清单，得到其他 JSON 值",
            )
        )
    del manifest["sha256"]
    # Comparing the whole spelling leaves no byte, not even white space, that could change unnoticed.
    if not hmac.compare_digest(seal(manifest), data):
        raise CheckpointError(
            Text(
                f"the manifest {manifest_file} was changed or damaged: its SHA-256 does not match",
                f"清单 {manifest_file} 已被改动或损坏：SHA-256 不符",
            )
        )
    if manifest.get("format") != FORMAT or not isinstance(manifest.get("payload"), str):
        raise CheckpointError(
            Text(
                f"expected format {FORMAT!r} in {manifest_file}, got {manifest.get('format')!r}",
                f"{manifest_file} 的格式应为 {FORMAT!r}，得到 {manifest.get('format')!r}",
            )
        )
    match = PAYLOAD.fullmatch(manifest["payload"])
    if not match or "state" not in manifest:
        raise CheckpointError(
            Text(
                f"expected {manifest_file} to name a payload beside it, got {manifest['payload']!r}",
                f"{manifest_file} 应指明与它同处的数据文件，得到 {manifest['payload']!r}",
            )
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
    payload, length = manifest_file.with_name(manifest["payload"]), manifest.get("payload_bytes")
    if type(length) is not int:
        raise CheckpointError(
            Text(
                f"expected the payload's length in {manifest_file}, got {str(length)[:40]!r}",
                f"{manifest_file} 中应有数据文件的长度，得到 {str(length)[:40]!r}",
            )
        )
    data = tensor_file.read_bytes(payload, length)
    if len(data) != length:
        raise CheckpointError(
            Text(
                f"expected {length} bytes in {payload}, got {len(data)}",
                f"{payload} 应为 {length} 字节，得到 {len(data)} 字节",
            )
        )
    digest = hashlib.sha256(data).hexdigest()
    if digest != manifest.get("payload_sha256"):
        raise CheckpointError(
            Text(
                f"the payload {payload} was changed or damaged: its SHA-256 does not match",
                f"数据文件 {payload} 已被改动或损坏：SHA-256 不符",
            )
        )
    return data, manifest["state"], manifest_file


def remove_checkpoint(manifest_file: Path) -> None:
    """Remove a checkpoint: its manifest first, so that what is left is never taken for whole."""
    payload = _named_payload(manifest_file)
    remove_quietly(manifest_file)
    _remove_payloads(manifest_file, payload)
