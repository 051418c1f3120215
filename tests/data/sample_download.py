"""One file to fetch, the patience for it, and the error of a download that must fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from loopback import Host, payload, remote

from gradus.data.download import download
from gradus.errors import GradusError

BODY = payload(300_000)
FILE = remote(BODY)
QUICK = {"timeout": 5.0, "pause": 0.0}  # no longer than a busy machine needs


def refused(host: Host, folder: Path, **settings: float) -> str:
    """The error of a download that must leave nothing under the final name."""
    target = folder / "file.bin"
    with pytest.raises(GradusError) as caught:
        download(FILE, [host.url + "/file.bin"], target, **{**QUICK, **settings})
    assert not target.exists()
    assert not target.with_name("file.bin.lock").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)
