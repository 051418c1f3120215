"""Archives that try to do harm, each built on purpose."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

TAR_KINDS = {
    "symbolic link out": (tarfile.SYMTYPE, "link", "/etc"),
    "symbolic link within": (tarfile.SYMTYPE, "link", "good.txt"),
    "hard link out": (tarfile.LNKTYPE, "link", "../outside.txt"),
    "hard link within": (tarfile.LNKTYPE, "link", "good.txt"),
    "character device": (tarfile.CHRTYPE, "null", ""),
    "block device": (tarfile.BLKTYPE, "disk", ""),
    "pipe": (tarfile.FIFOTYPE, "pipe", ""),
    "contiguous file": (tarfile.CONTTYPE, "contiguous", ""),
    "old sparse file": (tarfile.GNUTYPE_SPARSE, "sparse", ""),
    "unknown type": (b"Z", "what", ""),
}
NAMES = {
    "parent": "../outside.txt",
    "parent in the middle": "a/../../outside.txt",
    "parent within": "a/../b.txt",
    "absolute": "/tmp/gradus_outside.txt",
    "double slash": "//tmp/gradus_outside.txt",
    "drive": "C:/outside.txt",
    "drive relative": "C:outside.txt",
    "backslash": "..\\outside.txt",
    "backslash within": "a\\b.txt",
    "network share": "\\\\host\\share\\x",
    "stream": "good.txt:hidden",
    "sibling prefix": "../out_evil/x.txt",
    "control character": "a\x1b[2Jb.txt",
    "newline": "a\nb.txt",
    "device on Windows": "NUL.txt",
    "trailing dot": "good.txt.",
    "trailing space": "folder /x.txt",
    "name over 255 bytes": "文" * 90,
    "path over 1024 bytes": "/".join(["a" * 100] * 11),
}


def tar_of(*entries: tuple[str, bytes], **changes: object) -> bytes:
    """A tar of plain files after one good file; `changes` are set on the last header."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for i, (name, body) in enumerate((("good.txt", b"good"), *entries)):
            info = tarfile.TarInfo(name)
            info.size = len(body)
            if i == len(entries):
                for key, value in changes.items():
                    setattr(info, key, value)
            tar.addfile(info, io.BytesIO(body) if info.isreg() else None)
    return out.getvalue()


def zip_of(*entries: tuple[str, bytes], mode: int = 0o100644, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of files after one good file; `mode` is set on all but that."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as unpacked:
        unpacked.writestr("good.txt", "good")
        for name, body in entries:
            info = zipfile.ZipInfo("x")
            info.filename, info.external_attr, info.compress_type = name, mode << 16, method
            unpacked.writestr(info, body)
    return out.getvalue()


def raw_header(
    name: bytes, size: bytes, kind: bytes = b"0", magic: bytes = b"ustar\x0000", link: bytes = b""
) -> bytes:
    """One tar header with its checksum, field by field."""
    fields = [
        name.ljust(100, b"\0"),
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        size.ljust(12, b"\0"),
        b"0" * 11 + b"\0",
    ]
    head = b"".join(fields) + b" " * 8 + kind + link.ljust(100, b"\0") + magic
    head = head.ljust(512, b"\0")
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


def pax(records: dict[bytes, bytes], kind: bytes = b"x") -> bytes:
    """An extended header with these records."""
    body = b""
    for key, value in records.items():
        length = len(key) + len(value) + 3
        length += len(str(length + len(str(length))))
        body += b"%d %s=%s\n" % (length, key, value)
    return raw_header(b"PaxHeader", b"%o" % len(body), kind) + body.ljust(-(-len(body) // 512) * 512, b"\0")


END = b"\0" * 1024
GOOD = raw_header(b"good.txt", b"4") + b"good".ljust(512, b"\0")


def patched(data: bytes, old: bytes, new: bytes, count: int = -1) -> bytes:
    """The bytes with a replacement of equal length, which must apply."""
    assert old in data
    assert len(old) == len(new)
    return data.replace(old, new, count)


def overlapping_zip() -> bytes:
    """Two names for the same bytes, as the densest zip bombs are built."""
    data = zip_of(("a.txt", b"a" * 1000), ("b.txt", b"b" * 1000))
    start = data.index(b"PK\x01\x02")
    entries = data[start:].split(b"PK\x01\x02")[1:]
    offset = entries[1][38:42]  # of a.txt's local header
    entries[2] = entries[2][:38] + offset + entries[2][42:]
    return data[:start] + b"".join(b"PK\x01\x02" + entry for entry in entries)


def zip_size_lie(declared: int) -> bytes:
    """A zip whose directory and local header declare another size than the entry unpacks to."""
    body = b"z" * 5000
    data = zip_of(("lie.txt", body))
    size = struct.pack("<I", len(body))
    return patched(data, size, struct.pack("<I", declared))


def wrong_crc_zip() -> bytes:
    data = zip_of(("crc.txt", b"checked" * 9))
    crc = struct.pack("<I", zlib.crc32(b"checked" * 9))
    return patched(data, crc, b"\1\2\3\4")


def link_chain() -> bytes:
    """Nested links whose joint length exceeds PATH_MAX: the way past `extractall(filter="data")`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        path, long = "", "d" * 247
        for letter in "abcdefghijklmnop":
            folder = tarfile.TarInfo(path + long)
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
            link = tarfile.TarInfo(path + letter)
            link.type, link.linkname = tarfile.SYMTYPE, long
            tar.addfile(link)
            path += long + "/"
    return out.getvalue()


def flood(count: int) -> bytes:
    return zip_of(*((f"{i}.txt", b"") for i in range(count)))


def archives() -> dict[str, tuple[str, Callable[[], bytes]]]:
    """Every archive: label -> (file name, its bytes)."""
    out: dict[str, tuple[str, Callable[[], bytes]]] = {}
    for label, name in NAMES.items():
        out[f"tar: {label}"] = ("a.tar", lambda name=name: tar_of((name, b"evil")))
        out[f"zip: {label}"] = ("a.zip", lambda name=name: zip_of((name, b"evil")))
    for label, (kind, name, target) in TAR_KINDS.items():
        out[f"tar: {label}"] = (
            "a.tar",
            lambda k=kind, n=name, t=target: tar_of((n, b""), type=k, linkname=t),
        )
    for label, kind in {"link": stat.S_IFLNK, "device": stat.S_IFCHR, "pipe": stat.S_IFIFO}.items():
        out[f"zip: {label}"] = ("a.zip", lambda k=kind: zip_of(("entry", b"/etc"), mode=k | 0o777))
    twice = (("b.txt", b"1"), ("b.txt", b"2"))
    for label, pair in {
        "duplicate": twice,
        "case clash": (("b.txt", b"1"), ("B.TXT", b"2")),
        "Unicode clash": (("\u00e9.txt", b"1"), ("e\u0301.txt", b"2")),
        "file as folder": (("b", b"1"), ("b/c", b"2")),
        "folder as file": (("b/c", b"1"), ("b", b"2")),
    }.items():
        out[f"tar: {label}"] = ("a.tar", lambda p=pair: tar_of(*p))
        if label != "duplicate":  # zipfile itself warns of writing one
            out[f"zip: {label}"] = ("a.zip", lambda p=pair: zip_of(*p))
    out |= {
        "tar: link then file below it": (
            "a.tar",
            lambda: raw_header(b"l", b"0", b"2", b"ustar\x0000", b"..") + raw_header(b"l/outside.txt", b"4")
            + b"evil".ljust(512, b"\0") + END,
        ),
        "tar: link chain over PATH_MAX": ("a.tar", link_chain),
        "tar: NUL in a pax name": ("a.tar", lambda: pax({b"path": b"ok.txt\0.exe"}) + GOOD + END),
        "tar: name not UTF-8": ("a.tar", lambda: raw_header(b"\xff\xfe.txt", b"0") + END),
        "tar: negative size": ("a.tar", lambda: GOOD + raw_header(b"x", b"\xff" * 12) + END),
        "tar: negative pax size": ("a.tar", lambda: pax({b"size": b"-512"}) + GOOD + END),
        "tar: size of a gigabyte": ("a.tar", lambda: GOOD + raw_header(b"x", b"10000000000") + b"x" * 512 + END),
        "tar: header of a gigabyte": ("a.tar", lambda: raw_header(b"p", b"10000000000", b"x") + b"1" * 4096),
        "tar: long-name header of a megabyte": (
            "a.tar", lambda: raw_header(b"@LongLink", b"%o" % 2**20, b"L") + b"a" * 2**20 + GOOD + END),
        "tar: sparse 1.0": (
            "a.tar",
            lambda: pax({b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": b"999999999"})
            + GOOD + END,
        ),
        "tar: sparse 0.1": ("a.tar", lambda: pax({b"GNU.sparse.map": b"0,4,99999999,4"}) + GOOD + END),
        "tar: sparse 0.0": ("a.tar", lambda: pax({b"GNU.sparse.size": b"99999999"}) + GOOD + END),
        "tar: damaged header": ("a.tar", lambda: GOOD + b"\1" + raw_header(b"x", b"0")[1:] + END),
        "tar: no end": ("a.tar", lambda: GOOD),
        "tar: cut in a header": ("a.tar", lambda: GOOD + raw_header(b"x", b"0")[:300]),
        "tar: cut in a file": ("a.tar", lambda: GOOD + raw_header(b"x", b"2000") + b"x" * 512),
        "tar.gz: cut": ("a.tgz", lambda: gzip.compress(tar_of(("x", b"y" * 9000)))[:-12]),
        "tar.gz: checksum wrong": ("a.tgz", lambda: gzip.compress(tar_of(("x", b"y")))[:-8] + b"\1\2\3\4\0\50\0\0"),
        "tar.gz: bomb": ("a.tgz", lambda: gzip.compress(tar_of(("zeros", bytes(8 * 2**20))), 9)),
        "gz: bomb": ("a.gz", lambda: gzip.compress(bytes(8 * 2**20), 9)),
        "gz: bomb of many members": ("a.gz", lambda: gzip.compress(bytes(2**16), 9) * 100),
        "gz: cut": ("a.gz", lambda: gzip.compress(b"x" * 1000)[:-4]),
        "gz: checksum wrong": ("a.gz", lambda: gzip.compress(b"x" * 1000)[:-8] + b"\1\2\3\4\xe8\3\0\0"),
        "gz: trailing bytes": ("a.gz", lambda: gzip.compress(b"x") + b"tail"),
        "gz: method unknown": ("a.gz", lambda: b"\x1f\x8b\x09" + gzip.compress(b"x")[3:]),
        "zip: bomb": ("a.zip", lambda: zip_of(("zeros", bytes(8 * 2**20)))),
        "zip: bomb of overlapping entries": ("a.zip", overlapping_zip),
        "zip: checksum wrong": ("a.zip", wrong_crc_zip),
        "zip: declares fewer bytes": ("a.zip", lambda: zip_size_lie(10)),
        "zip: declares more bytes": ("a.zip", lambda: zip_size_lie(60_000)),
        "zip: declares 4 GB": ("a.zip", lambda: zip_size_lie(2**32 - 2)),
        "zip: NUL in a name": ("a.zip", lambda: patched(zip_of(("ok.txtQ../x", b"e")), b"ok.txtQ../x", b"ok.txt\0../x")),
        "zip: local name differs": ("a.zip", lambda: patched(zip_of(("local.txt", b"e")), b"local.txt", b"../..utxt", 1)),
        "zip: encrypted": ("a.zip", lambda: patched(zip_of(("e", b"e")), b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0")),
        "zip: bzip2": ("a.zip", lambda: zip_of(("b", b"b" * 99), method=zipfile.ZIP_BZIP2)),
        "zip: folder with bytes": ("a.zip", lambda: zip_of(("d/", b"hidden"))),
        "zip: too many entries": ("a.zip", lambda: flood(1001)),
        "zip: cut": ("a.zip", lambda: zip_of(("x", b"y" * 99))[:-30]),
        "nothing": ("a.zip", lambda: b""),
        "text": ("a.tar", lambda: b"hello" * 100),
        "bzip2": ("a.tar.bz2", lambda: b"BZh91AY&SY" + b"\0" * 300),
    }  # fmt: skip
    return out
