"""The server answers on loopback alone, with the files of the site and no other, and remakes what has changed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from gradus.errors import GradusError
from gradus.site import Server
from tests.site.small_site import KEYS


@pytest.fixture(scope="module")
def server(site, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "site"
    shutil.copytree(site, folder)
    served = Server(folder, keys=KEYS)
    thread = threading.Thread(target=served.serve, daemon=True)
    thread.start()
    yield served
    served.close()
    thread.join(10)
    assert not thread.is_alive()


def get(server, path, **headers):
    """Status, type and body of an answer; the path is sent as it is written."""
    host, port = server.address.removeprefix("http://").rstrip("/").split(":")
    lines = [
        f"GET {path} HTTP/1.0",
        *(f"{name}: {value}" for name, value in {"Host": f"{host}:{port}", **headers}.items()),
    ]
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    kind = next(line for line in head.decode().split("\r\n") if line.lower().startswith("content-type"))
    return int(head.split()[1]), kind, body


def test_pages_scripts_and_styles_are_those_of_the_build(server, site):
    for path, kind in (
        ("en/attention.html", "text/html"),
        ("assets/site.css", "text/css"),
        ("frames/softmax.zh.js", "text/javascript"),
    ):
        status, said, body = get(server, f"/{path}")
        assert (status, kind in said, body) == (200, True, (site / path).read_bytes())
    assert get(server, "/")[2] == (site / "index.html").read_bytes()
    assert get(server, "/zh/")[2] == (site / "zh" / "index.html").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "/nothing.html", "/en/../../../../etc/passwd", "/../gradus-site.json", "/gradus-site.json", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
        "/en/%00.html", "/en\\attention.html", "/EN/attention.html", "/%ff", "/en/attention.html/", "*", "http://elsewhere/en/x.html", "/" + "a" * 5000,
    ],
)  # fmt: skip
def test_any_other_path_is_404(server, path):
    status, _, body = get(server, path)
    assert status in (404, 400) and b"root:" not in body


def test_another_sites_name_for_this_machine_is_refused(server):
    assert get(server, "/en/index.html", Host="elsewhere.example")[0] == 403
    assert get(server, "/en/index.html", Host="elsewhere.example:80")[0] == 403
    assert get(server, "/en/index.html", Host="localhost:80")[0] == 200


def test_it_listens_on_loopback_alone(server):
    assert server.address.startswith("http://127.0.0.1:")


def test_what_is_gone_is_made_when_it_is_asked_for(server):
    file = server.manifest.directory / "en" / "entropy.html"
    before = file.read_bytes()
    file.unlink()
    assert get(server, "/en/entropy.html")[2] == before


def test_a_page_whose_files_have_changed_is_made_anew(server):
    server.manifest.rows["page entropy"]["inputs"] = "of an older page"
    file = server.manifest.directory / "en" / "entropy.html"
    file.write_text("old")
    assert b"<h1>" in get(server, "/en/entropy.html")[2]


def test_a_page_that_cannot_be_made_says_why(server, monkeypatch):
    monkeypatch.setattr(
        server, "file", lambda name: (_ for _ in ()).throw(GradusError("expected a page, got none"))
    )
    status, _, body = get(server, "/en/entropy.html")
    assert status == 500 and b"expected a page, got none" in body


def test_a_port_in_use_is_said(server, tmp_path):
    port = int(server.address.rstrip("/").rpartition(":")[2])
    with pytest.raises(GradusError, match="--port"):
        Server(tmp_path / "other", port, KEYS)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C goes to the whole console there")
def test_ctrl_c_ends_it_cleanly(site, data, tmp_path):
    folder = tmp_path / "site"
    shutil.copytree(site, folder)
    command = [sys.executable, "-m", "gradus", "serve", str(folder), "--only", ",".join(KEYS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    address = process.stdout.readline().split()[0]
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address + "/nothing", timeout=60)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")
