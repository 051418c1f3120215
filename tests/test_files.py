"""Files are whole or as they were; what is no file is written to as it is; one folder is the user's cache."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from failing_calls import Failing

from gradus.errors import GradusError
from gradus.files import (
    cache_folder,
    make_folder,
    output_file,
    publish,
    require_suffix,
    sweep,
    sync_folder,
    user_path,
    write_atomically,
)

OLD, NEW = b"old", b"new and longer"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES])
def test_a_file_is_whole_whichever_call_fails(tmp_path: Path, number: int) -> None:
    path = tmp_path / "file"
    for nth in range(1, 100):
        path.write_bytes(OLD)
        error = None
        with pytest.MonkeyPatch.context() as patch:
            failing = Failing(patch, nth, number)
            try:
                write_atomically(path, [NEW[:3], NEW[3:]])
            except GradusError as caught:
                error = caught
        assert path.read_bytes() in (OLD, NEW)
        assert [p.name for p in tmp_path.iterdir()] == ["file"]
        if not failing.failed:
            assert error is None and path.read_bytes() == NEW and nth > 5
            return
        assert error is not None and "\n" not in str(error)
        assert ("disk full" in str(error), "磁盘已满" in error.text.zh) == (number == errno.ENOSPC,) * 2
    pytest.fail("never ran through")


def test_a_part_is_published_whole(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(NEW)
    (tmp_path / "file").write_bytes(OLD)
    publish(tmp_path / "part", tmp_path / "file")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", NEW)]


def test_the_file_is_on_the_disk_before_it_has_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, real=real, name=name: (done.append(name), real(*a))[1])
    write_atomically(tmp_path / "file", [NEW])
    assert done == ["fsync", "replace", "fsync"]
    done.clear()
    publish(tmp_path / "file", tmp_path / "published")
    assert done == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize(("number", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_file_system_that_flushes_no_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, fails: bool
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    if fails:
        with pytest.raises(OSError, match=os.strerror(number)):
            sync_folder(tmp_path)
    else:
        sync_folder(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and links")
def test_pipes_and_links_stay_what_they_are(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, [NEW])
    assert os.read(reader, 100) == NEW and pipe.is_fifo()
    os.close(reader)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(OLD)
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    write_atomically(tmp_path / "link", [NEW])
    assert (tmp_path / "link").is_symlink() and (tmp_path / "folder" / "file").read_bytes() == NEW
    with pytest.raises(GradusError, match=r"cannot write .*directory"):
        write_atomically(tmp_path / "folder", [NEW])


def test_folders_are_made_or_refused_in_one_line(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(GradusError, match=r"cannot write .*; check the folder"):
        make_folder(tmp_path / "file" / "b")


def test_what_is_not_wanted_is_swept(tmp_path: Path) -> None:
    for name in ("a.tmp", "b.txt"):
        (tmp_path / name).write_bytes(OLD)
    (tmp_path / "c.tmp").mkdir()
    assert sweep(tmp_path, lambda path: path.suffix != ".tmp") == [tmp_path / "a.tmp"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.txt", "c.tmp"]


def test_the_cache_is_where_the_environment_says_or_in_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("GRADUS_DATA", "~/mine")
    assert cache_folder() == tmp_path / "mine" and cache_folder("evidence") == tmp_path / "mine" / "evidence"
    monkeypatch.setenv("GRADUS_DATA", "mine")
    monkeypatch.chdir(tmp_path)
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.setenv("GRADUS_DATA", "")
    assert cache_folder("evidence") == cache_folder() / "evidence"
    assert cache_folder().is_relative_to(tmp_path) and cache_folder().name == "gradus"
    assert list(tmp_path.iterdir()) == []  # naming a folder does not make it


def test_the_cache_is_where_earlier_builds_kept_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    monkeypatch.setenv("GRADUS_DATA", "")
    assert cache_folder() == pooch.os_cache("gradus")


def test_without_a_home_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_DATA", "")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: f"~/.cache/{name}")
    with pytest.raises(GradusError, match=r"no home directory.*GRADUS_DATA"):
        cache_folder("evidence")


def test_a_users_path_is_absolute_and_its_links_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert user_path("link/../x") == tmp_path / "x"
    assert user_path("link/x") == tmp_path / "link" / "x"


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout here")
def test_output_named_as_a_device_goes_there() -> None:
    code = "from pathlib import Path; from gradus.files import write_atomically as w; w(Path('/dev/stdout'), [b'<x/>'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"<x/>"


def test_what_is_to_be_written_is_looked_at_first(tmp_path: Path) -> None:
    """Each path that cannot be written is refused, before any work, in one line that names it; none is touched."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(OLD)
    (tmp_path / "to-folder").symlink_to(tmp_path / "folder")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "lost").symlink_to(tmp_path / "absent" / "x")
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "to-pipe").symlink_to(tmp_path / "pipe")
    names = [
        "folder",
        "to-folder",
        "circle",
        "lost",
        "absent/x",
        "file/x",
        "folder/",
        "x" * 300,
        "a\0b",
        "",
        os.devnull,
    ]
    names += ["pipe", "to-pipe", "/dev/full"] if os.name != "nt" else []
    before = sorted(tmp_path.rglob("*"))
    for name in names:
        with pytest.raises(GradusError) as caught:
            output_file(f"{tmp_path}/{name}" if name and not name.startswith("/") else name)
        assert all(words and "\n" not in words for words in caught.value.text), name
        assert caught.value.text.zh != caught.value.text.en
    assert sorted(tmp_path.rglob("*")) == before and (tmp_path / "file").read_bytes() == OLD


def test_a_link_is_written_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").write_bytes(OLD)
    (tmp_path / "link").symlink_to("folder/old")
    (tmp_path / "dangling").symlink_to("folder/new")
    (tmp_path / "chain").symlink_to("link")
    monkeypatch.chdir(tmp_path)
    for name, target in (("link", "old"), ("dangling", "new"), ("chain", "old"), ("plain", None)):
        write_atomically(output_file(name), [NEW, name.encode()])
        assert (tmp_path / name).is_symlink() == (target is not None)
        assert (tmp_path / (f"folder/{target}" if target else name)).read_bytes() == NEW + name.encode()
    assert output_file("made/x", makes=Path("made")) == tmp_path / "made" / "x"
    with pytest.raises(GradusError, match="does not exist"):
        output_file("other/x", makes=Path("made"))


def test_a_name_that_promises_another_kind_of_file_is_refused(tmp_path):
    assert require_suffix(tmp_path / "a.HTML", ".html") == tmp_path / "a.HTML"
    assert require_suffix(Path("/dev/stdout"), ".html") == Path("/dev/stdout")
    with pytest.raises(GradusError, match=r"\.html, \.htm, got \.pdf"):
        require_suffix(tmp_path / "a.pdf", ".html", ".htm")
    with pytest.raises(GradusError, match=r"\.pdf"):
        output_file(tmp_path / "a.pdf", suffixes=(".html",))
