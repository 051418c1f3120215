"""What a run's bits depend on beside its settings: recorded in every checkpoint, compared on resuming."""

import hashlib
import platform
from typing import Any

import torch

from gradus.training.torch_dtypes import NAMES


def hash_tensors(*tensors: torch.Tensor) -> str:
    """The BLAKE2b hash of the tensors' dtypes, shapes and bytes: of all bytes, not of a sample."""
    digest = hashlib.blake2b(digest_size=32)
    for tensor in tensors:
        tensor = tensor.detach()
        digest.update(f"{NAMES.get(tensor.dtype, tensor.dtype)}{tuple(tensor.shape)};".encode())
        # In pieces: a view that is not contiguous is never copied whole.
        for piece in tensor.split(4096) if tensor.dim() else (tensor,):
            flat = piece.cpu().contiguous().reshape(-1)
            flat = torch.view_as_real(flat.resolve_conj()).reshape(-1) if flat.is_complex() else flat
            digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def describe_device(device: torch.device) -> str:
    """The device by name, since two kinds of accelerator round differently."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    if device.type == "cpu":
        return f"cpu ({platform.machine()}, {torch.backends.cpu.get_cpu_capability()})"
    return device.type


def environment(device: torch.device, world: int, data: str) -> dict[str, Any]:
    """The environment of a run, `data` being the hash of its data."""
    return {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": describe_device(device),
        "processes": world,
        "data": data,
    }


def differences(stored: dict[str, Any], current: dict[str, Any]) -> list[str]:
    """What differs, as readable phrases: "threads was 2, is 4"."""
    keys = list(stored) + [key for key in current if key not in stored]
    return [
        f"{key} was {stored.get(key)}, is {current.get(key)}"
        for key in keys
        if stored.get(key) != current.get(key)
    ]
