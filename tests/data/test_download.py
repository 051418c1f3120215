"""Downloads from hosts that misbehave: refused by name, never used unverified; mirrors tried in order."""

from __future__ import annotations

import gzip
import socket
import time
from pathlib import Path

import pytest
from loopback import Host, payload, remote, send
from sample_download import BODY, FILE, QUICK, refused

from gradus.data.download import download
from gradus.errors import GradusError


def test_ordinary_download_leaves_one_verified_file(host: Host, tmp_path: Path) -> None:
    host.files["/file.bin"] = BODY
    target = tmp_path / "new folder" / "资料" / "file.bin"  # made on the way
    assert download(FILE, [host.url + "/file.bin"], target, **QUICK) == target
    assert target.read_bytes() == BODY
    assert [p.name for p in target.parent.iterdir()] == ["file.bin"]
    download(FILE, [host.url + "/file.bin"], target, **QUICK)
    assert len(host.requests) == 1  # a verified file is not fetched again


@pytest.mark.parametrize("length", [0, 5, len(BODY) - 1, len(BODY) + 1])
def test_wrong_announced_length_is_refused_unread(host: Host, tmp_path: Path, length: int) -> None:
    host.files["/file.bin"] = (BODY + b"\0")[:length]
    message = refused(host, tmp_path)
    assert "expected 300,000 bytes" in message
    assert f"announces {length}" in message
    assert len(host.requests) == 1


def test_body_longer_than_expected_is_refused(host: Host, tmp_path: Path) -> None:
    def endless(handler, body):  # no Content-Length: the end of the connection ends the body
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body + b"\0" * 10_000_000)
        return True

    host.files["/file.bin"], host.behave = BODY, endless
    assert "it sends more" in refused(host, tmp_path)
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) == 0


def test_wrong_bytes_of_the_right_length_are_refused(host: Host, tmp_path: Path) -> None:
    other = payload(len(BODY), seed=1)
    host.files["/file.bin"] = other
    message = refused(host, tmp_path)
    assert FILE.sha256 in message
    assert remote(other).sha256 in message
    assert list(tmp_path.iterdir()) == []


def test_content_encoding_is_not_undone(host: Host, tmp_path: Path) -> None:
    def encoded(handler, body):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Content-Encoding", "gzip")  # some hosts say so of every .gz file
        handler.end_headers()
        handler.wfile.write(body)
        return True

    host.files["/file.bin"], host.behave = BODY, encoded
    assert download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK).read_bytes() == BODY


def test_host_that_compresses_is_asked_not_to(host: Host, tmp_path: Path) -> None:
    def compress(handler, body):
        asked = "gzip" in (handler.headers.get("Accept-Encoding") or "")
        send(handler, gzip.compress(body) if asked else body)
        return True

    host.files["/file.bin"], host.behave = BODY, compress
    assert download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK).read_bytes() == BODY


@pytest.mark.parametrize(("status", "requests"), [(403, 1), (404, 1), (410, 1), (429, 2), (500, 2), (503, 2)])
def test_refusing_host_is_named_with_its_status(
    host: Host, tmp_path: Path, status: int, requests: int
) -> None:
    def refuse(handler, body):
        handler.send_error(status)
        return True

    host.behave = refuse
    message = refused(host, tmp_path)
    assert f"{host.url}/file.bin: HTTP {status}" in message
    assert len(host.requests) == requests  # a fault that may pass is tried again, another is not


def test_redirect_is_followed_and_a_loop_is_not(host: Host, tmp_path: Path) -> None:
    def redirect(handler, body):
        if handler.path == "/real.bin":
            return False
        handler.send_response(302)
        handler.send_header("Location", "/real.bin" if handler.path == "/moved.bin" else handler.path)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    host.files["/real.bin"], host.behave = BODY, redirect
    assert download(FILE, [host.url + "/moved.bin"], tmp_path / "moved", **QUICK).read_bytes() == BODY
    host.requests.clear()
    assert "redirects more than 5 times" in refused(host, tmp_path)
    assert len(host.requests) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://x/", "//"])
def test_redirect_to_something_else_is_refused(host: Host, tmp_path: Path, location: str) -> None:
    def redirect(handler, body):
        handler.send_response(302)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    host.behave = redirect
    refused(host, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sent", [None, 0, 100_000])
def test_stalled_host_is_given_up(host: Host, tmp_path: Path, sent: int | None) -> None:
    def stall(handler, body):
        if sent is not None:
            send(handler, body, stop=sent)
            handler.wfile.flush()
        time.sleep(1.0)
        return True

    host.files["/file.bin"], host.behave = BODY, stall
    start = time.monotonic()
    message = refused(host, tmp_path, timeout=0.2)
    assert "no answer within 0.2 s" in message if sent is None else "stalled" in message
    assert time.monotonic() - start < 3


def test_trickling_host_is_given_up(host: Host, tmp_path: Path) -> None:
    def trickle(handler, body):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for i in range(40):  # each byte arrives well within the time-out
            handler.wfile.write(body[i : i + 1])
            handler.wfile.flush()
            time.sleep(0.05)
        return True

    host.files["/file.bin"], host.behave = BODY, trickle
    assert "stalled" in refused(host, tmp_path, timeout=0.4)


def test_without_network_the_reason_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup = socket.getaddrinfo

    def no_names(name, *args, **kwargs):
        if name == "data.example":
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return lookup(name, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    monkeypatch.setenv("NO_PROXY", "*")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/file.bin"  # bound, but nobody listens
        with pytest.raises(GradusError, match=r"Connection refused.*GRADUS_MIRROR") as caught:
            download(FILE, [url, "http://data.example/file.bin"], tmp_path / "file.bin", **QUICK)
    assert "data.example/file.bin: no connection" in str(caught.value)
    assert "name resolution" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_mirrors_are_tried_in_order_and_each_reason_is_told(
    host: Host, second_host: Host, tmp_path: Path
) -> None:
    second_host.files["/c"] = BODY
    host.files["/b"] = payload(len(BODY), seed=1)
    urls = [f"{host.url}/a", f"{host.url}/b", f"{second_host.url}/c"]
    with pytest.raises(GradusError) as caught:
        download(FILE, urls[:2], tmp_path / "file.bin", **QUICK)
    assert str(caught.value).index("/a: HTTP 404") < str(caught.value).index("/b: wrong file")
    assert second_host.requests == []
    assert download(FILE, urls, tmp_path / "file.bin", **QUICK).read_bytes() == BODY


def test_damaged_file_is_set_aside_and_fetched_again(host: Host, tmp_path: Path) -> None:
    host.files["/file.bin"] = BODY
    damaged = b"\1" + BODY[1:]
    (tmp_path / "file.bin").write_bytes(damaged)
    assert download(FILE, [host.url + "/file.bin"], tmp_path / "file.bin", **QUICK).read_bytes() == BODY
    assert (tmp_path / "file.bin.damaged").read_bytes() == damaged


def test_folder_that_cannot_be_written_is_named(host: Host, tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    with pytest.raises(GradusError, match=r"cannot write .*plain.*GRADUS_DATA"):
        download(FILE, [host.url + "/file.bin"], tmp_path / "plain" / "file.bin", **QUICK)


def test_progress_is_reported_up_to_the_size(
    host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host.files["/file.bin"] = BODY
    download(FILE, [host.url + "/file.bin"], tmp_path / "quiet.bin", **QUICK)
    assert capsys.readouterr() == ("", "")  # not a terminal
    download(FILE, [host.url + "/file.bin"], tmp_path / "shown.bin", **QUICK, progress=True)
    assert "300.0/300.0 kB" in capsys.readouterr().err
