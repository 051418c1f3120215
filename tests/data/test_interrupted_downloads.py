"""Downloads that break off: a part is continued, thrown away where it is wrong, and never taken for the file."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import Host, send
from sample_download import BODY, FILE, QUICK

from gradus.data.download import download
from gradus.errors import GradusError


@pytest.mark.parametrize("offset", [0, 1, 511, 512, 4095, 65_535, 65_536, 65_537, 150_000, 299_999])
def test_cut_transfer_resumes_where_it_broke_off(host: Host, tmp_path: Path, offset: int) -> None:
    host.files["/file.bin"] = BODY

    def cut_once(handler, body):
        if len(host.requests) > 1:
            return False
        send(handler, body, stop=offset)
        return True

    host.behave = cut_once
    target = download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK)
    assert target.read_bytes() == BODY
    assert host.requests[1][1] == (f"bytes={offset}-" if offset else None)
    assert [p.name for p in tmp_path.iterdir()] == ["file.bin"]


def test_host_that_cuts_every_transfer_is_used_as_long_as_it_progresses(host: Host, tmp_path: Path) -> None:
    def cut(handler, body):
        start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        send(handler, body, stop=start + 70_000)
        return True

    host.files["/file.bin"], host.behave = BODY, cut
    assert download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK).read_bytes() == BODY
    assert len(host.requests) == 5


def test_part_of_a_killed_process_is_continued(host: Host, tmp_path: Path) -> None:
    host.files["/file.bin"] = BODY
    (tmp_path / "file.bin.part").write_bytes(BODY[:123_456])
    download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK)
    assert host.requests == [("/file.bin", "bytes=123456-")]
    assert (tmp_path / "file.bin").read_bytes() == BODY


def test_whole_part_needs_no_request(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(BODY)
    download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK)
    assert host.requests == []


@pytest.mark.parametrize(
    "part",
    [b"\0" * 1000, b"\0" * len(BODY), BODY + b"\0", BODY[:999] + b"\0"],
    ids=["short", "full", "long", "one"],
)
def test_wrong_part_is_thrown_away_and_fetched_anew(host: Host, tmp_path: Path, part: bytes) -> None:
    host.files["/file.bin"] = BODY
    (tmp_path / "file.bin.part").write_bytes(part)
    download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK)
    assert (tmp_path / "file.bin").read_bytes() == BODY
    assert host.requests[-1][1] is None


def test_host_without_ranges_starts_over(host: Host, tmp_path: Path) -> None:
    def whole(handler, body):
        del handler.headers["Range"]
        send(handler, body)
        return True

    host.files["/file.bin"], host.behave = BODY, whole
    (tmp_path / "file.bin.part").write_bytes(BODY[:1000])
    assert download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK).read_bytes() == BODY
    assert len(host.requests) == 1


@pytest.mark.parametrize("content_range", ["bytes 0-299999/300000", "bytes 1000-299999/4", "nonsense", None])
def test_wrong_range_in_the_answer_is_not_trusted(
    host: Host, tmp_path: Path, content_range: str | None
) -> None:
    def wrong(handler, body):
        if not handler.headers.get("Range"):
            return False
        handler.send_response(206)
        handler.send_header("Content-Length", str(len(body) - 1000))
        if content_range:
            handler.send_header("Content-Range", content_range)
        handler.end_headers()
        handler.wfile.write(body[1000:])
        return True

    host.files["/file.bin"], host.behave = BODY, wrong
    (tmp_path / "file.bin.part").write_bytes(b"\0" * 1000)
    assert download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK).read_bytes() == BODY


def test_second_mirror_continues_what_the_first_began(host: Host, second_host: Host, tmp_path: Path) -> None:
    def cut(handler, body):
        send(handler, body, stop=100_000)
        return True

    host.files["/f"], host.behave, second_host.files["/f"] = BODY, cut, BODY
    assert (
        download(FILE, [host.url + "/f", second_host.url + "/f"], tmp_path / "f", **QUICK).read_bytes()
        == BODY
    )
    assert second_host.requests == [("/f", "bytes=100000-")]


def test_full_disk_is_said_and_the_part_is_continued(host: Host, tmp_path: Path) -> None:
    host.files["/file.bin"] = BODY
    code = f"""
import resource, sys
from pathlib import Path
from gradus.data.download import download
from gradus.data.registry import RemoteFile
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    download(RemoteFile("file.bin", {FILE.size}, "{FILE.sha256}"), ["{host.url}/file.bin"], Path(sys.argv[1]))
except ValueError as error:
    sys.exit(str(error))
"""
    target = tmp_path / "file.bin"
    child = subprocess.run([sys.executable, "-c", code, target], capture_output=True, text=True, timeout=60)
    assert child.returncode == 1
    assert f"cannot write {target} (File too large): free space" in child.stderr
    assert child.stderr.count("\n") == 1
    assert [(p.name, p.stat().st_size) for p in tmp_path.iterdir()] == [("file.bin.part", 100_000)]
    assert download(FILE, [host.url + "/file.bin"], target, **QUICK).read_bytes() == BODY
    assert host.requests[-1][1] == "bytes=100000-"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES])
def test_every_single_failing_call_leaves_nothing_unverified(host: Host, tmp_path: Path, number: int) -> None:
    """The n-th call that opens, writes, flushes or renames fails, for every n until none does."""
    host.files["/file.bin"] = BODY
    target = tmp_path / "file.bin"
    for n in range(1, 100):
        calls = 0

        def failing(call, n=n):
            def wrapped(*args, **kwargs):
                nonlocal calls
                calls += 1
                if calls == n:
                    raise OSError(number, os.strerror(number))
                return call(*args, **kwargs)

            return wrapped

        with pytest.MonkeyPatch.context() as patch:
            for owner, name in [
                (Path, "open"),
                (Path, "replace"),
                (Path, "mkdir"),
                (os, "fsync"),
                (os, "open"),
            ]:
                patch.setattr(owner, name, failing(getattr(owner, name)))
            try:
                download(FILE, [host.url + "/file.bin"], target, **QUICK)
                failed = False
            except GradusError as error:
                failed = True
                assert os.strerror(number) in str(error)
        assert not target.exists() or target.read_bytes() == BODY
        if calls < n:
            break
        assert failed or target.exists()
        assert download(FILE, [host.url + "/file.bin"], target, **QUICK).read_bytes() == BODY
        assert [p.name for p in tmp_path.iterdir()] == ["file.bin"]
        target.unlink()
    assert 6 <= n < 99  # calls there were
    assert not failed
