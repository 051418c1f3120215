"""Headers and JSON of checkpoints: malformed or changed at random, they are refused, quickly and without harm."""

import json
import random
import resource
import time
from pathlib import Path

import pytest
from small_checkpoint import reject, tensors

from gradus.training import CheckpointError, tensor_file
from gradus.training.strict_json import loads


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


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_headers_are_rejected_for_arrays_too(name: str) -> None:
    with pytest.raises(CheckpointError):
        tensor_file.decode_arrays(bytearray(MALFORMED[name]))
