"""Downloads killed at random moments, and by several processes at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import Host, payload, remote

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
NURSERY = Path(__file__).with_name("nursery.py")
BODY = payload(300_000)


def nursery(what: str, host: Host, folder: Path, count: int) -> dict[str, int]:
    file = remote(BODY)
    host.files["/file.bin"] = BODY
    arguments = [what, host.url + "/file.bin", str(file.size), file.sha256, str(folder), str(count), "0"]
    done = subprocess.run([sys.executable, NURSERY, *arguments], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check_kills(host: Host, folder: Path, count: int) -> None:
    host.rate = 5e6
    left = nursery("kill", host, folder, count)
    assert left["killed"] == count
    assert left["unverified"] == 0
    assert left["continued"] > count // 4  # the kills did hit the middle of transfers
    assert (left["last"], left["verified"], left["files"]) == (0, 1, 1)


def test_killed_download_never_leaves_an_unverified_file(host: Host, tmp_path: Path) -> None:
    check_kills(host, tmp_path, 25)


@pytest.mark.slow
def test_killed_download_never_leaves_an_unverified_file_in_100_kills(host: Host, tmp_path: Path) -> None:
    check_kills(host, tmp_path, 100)


def test_kill_at_every_call_of_the_end_leaves_all_or_nothing(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(BODY)
    left = nursery("every", host, tmp_path, 0)
    assert left["killed"] > 50
    assert (left["unverified"], left["verified"]) == (0, 1)
    assert left["repaired"] == left["killed"]


def test_processes_at_once_all_end_with_the_verified_file(host: Host, tmp_path: Path) -> None:
    assert nursery("race", host, tmp_path, 12) == {"failed": 0, "unverified": 0, "litter": 0}


@pytest.mark.slow
def test_processes_at_once_in_200_rounds(host: Host, tmp_path: Path) -> None:
    assert nursery("race", host, tmp_path, 200) == {"failed": 0, "unverified": 0, "litter": 0}


def test_only_one_of_several_processes_downloads(host: Host, tmp_path: Path) -> None:
    host.rate = 2e6
    assert nursery("race", host, tmp_path, 2)["failed"] == 0  # 2, then 4 processes
    assert len(host.requests) == 2
