"""The idx format: what is written is read back, and no lying header is believed."""

from __future__ import annotations

import gzip
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gradus.data import read_idx
from gradus.data.idx import TYPES, gunzip, parse_idx
from gradus.errors import GradusError


def idx_bytes(array: np.ndarray) -> bytes:
    code = next(c for c, t in TYPES.items() if np.dtype(t).newbyteorder("=") == array.dtype)
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(TYPES[code]).tobytes()


DTYPES = st.sampled_from([np.dtype(t).newbyteorder("=") for t in TYPES.values()])


@given(npst.arrays(DTYPES, npst.array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=4)))
def test_round_trip(array: np.ndarray) -> None:
    back = parse_idx(idx_bytes(array), "x")
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    assert back.flags.writeable


@settings(max_examples=500)
@given(st.binary(max_size=40))
def test_any_bytes_give_an_array_or_one_error(data: bytes) -> None:
    for candidate in (data, b"\0\0\x08" + data, b"\0\0\x0d\1" + data):
        try:
            parse_idx(candidate, "x")
        except GradusError as error:
            assert str(error).startswith("x: ")


GOOD = idx_bytes(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_every_prefix_is_refused(length: int) -> None:
    with pytest.raises(GradusError, match=r"not an idx file|truncated"):
        parse_idx(GOOD[:length], "x")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GOOD + b"\0", r"too long: shape \(2, 3, 4\) of uint8 needs 40 bytes, got 41"),
        (b"\1" + GOOD[1:], "expected two zero bytes"),
        (b"\0\0\7" + GOOD[3:], "unknown idx type 0x07"),
        (GOOD[:3] + b"\0", "truncated idx header: 0 dimensions"),
        (GOOD[:3] + b"\x20" + GOOD[4:], "truncated idx header: 32 dimensions need 132 bytes"),
        (b"\0\0\x0e\4" + b"\xff" * 16, "truncated: shape .4294967295"),
        (b"", "got none"),
    ],
)
def test_wrong_header_is_named(data: bytes, message: str) -> None:
    with pytest.raises(GradusError, match=message):
        parse_idx(data, "x")


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_lying_header_allocates_no_more_than_the_file_holds(tmp_path: Path, compress) -> None:
    path = tmp_path / "lie"
    path.write_bytes(compress(b"\0\0\x0e\3" + struct.pack(">3I", 10**9, 10**9, 10**9) + b"x" * 1000))
    tracemalloc.start()
    start = time.monotonic()
    with pytest.raises(GradusError, match="truncated"):
        read_idx(path)
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()
    assert time.monotonic() - start < 1


def test_gzip_bomb_is_unpacked_to_the_limit_only(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(2**26), 9))
    tracemalloc.start()
    with pytest.raises(GradusError, match="more than the 1,000,000 bytes allowed"):
        read_idx(path, max_bytes=10**6)
    assert tracemalloc.get_traced_memory()[1] < 8e6
    tracemalloc.stop()
    with pytest.raises(GradusError, match="more than the 10 allowed"):
        read_idx(path, max_bytes=10)


@pytest.mark.parametrize("cut", [1, 5, 8, 12])
def test_damaged_gzip_is_named(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(GOOD)[:-cut])
    with pytest.raises(GradusError, match=r"cut.gz: damaged gzip file"):
        read_idx(path)


def test_gzip_bit_flips_are_noticed() -> None:
    packed, refused = gzip.compress(GOOD), 0
    for i in range(10, len(packed)):  # the ten header bytes hold a time and the like
        for bit in range(8):
            broken = packed[:i] + bytes([packed[i] ^ 1 << bit]) + packed[i + 1 :]
            try:
                assert gunzip(broken, 1000, "x") == GOOD  # a bit of padding, without meaning
            except GradusError:
                refused += 1
    assert refused > 8 * (len(packed) - 10) - 8  # but for the padding to a whole byte


def test_absent_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(GradusError, match=r"absent: cannot be read \(No such file"):
        read_idx(tmp_path / "absent")
    with pytest.raises(GradusError, match=r"cannot be read \(Is a directory"):
        read_idx(tmp_path)


@pytest.mark.parametrize("dimensions", [65, 200, 255])
def test_more_dimensions_than_an_array_can_have_are_refused(tmp_path, dimensions):
    (tmp_path / "x").write_bytes(bytes([0, 0, 8, dimensions]) + b"\0\0\0\1" * dimensions + b"\7")
    with pytest.raises(GradusError, match=f"at most 64 dimensions, got {dimensions}"):
        read_idx(tmp_path / "x")
    (tmp_path / "y").write_bytes(bytes([0, 0, 8, 64]) + b"\0\0\0\1" * 64 + b"\7")
    try:
        assert read_idx(tmp_path / "y").shape == (1,) * 64
    except GradusError as error:  # NumPy before 2 holds 32
        assert "dimensions" in str(error)


def test_a_ratio_that_only_a_bomb_has_is_refused(tmp_path):
    whole = bytes([0, 0, 8, 1]) + (2**22).to_bytes(4, "big") + bytes(2**22)
    (tmp_path / "x.gz").write_bytes(gzip.compress(whole))
    with pytest.raises(GradusError, match="200 times"):
        read_idx(tmp_path / "x.gz")
    small = bytes([0, 0, 8, 1]) + (2**16).to_bytes(4, "big") + bytes(2**16)
    (tmp_path / "y.gz").write_bytes(gzip.compress(small))
    assert read_idx(tmp_path / "y.gz").shape == (2**16,)
