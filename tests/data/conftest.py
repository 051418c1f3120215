"""Hosts on the loopback interface, and a user without settings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from loopback import Handler, Host


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A host on the loopback interface."""
    yield from _serve(monkeypatch)


@pytest.fixture
def second_host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Another one."""
    yield from _serve(monkeypatch)


def _serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("GRADUS_MIRROR", raising=False)
    monkeypatch.delenv("GRADUS_DATA", raising=False)
    host = Host()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"host": host}))
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield host
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No mirror is set, and data lie in a folder of the test's own."""
    monkeypatch.delenv("GRADUS_MIRROR", raising=False)
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "own data"))
