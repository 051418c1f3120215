"""A loopback server that misbehaves on request, and files to fetch from it."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import numpy as np

from gradus.data.registry import RemoteFile


@dataclass
class Host:
    """Serves `files` (path -> bytes); `behave(handler, body)` may answer in place of the ordinary way.

    `requests` lists (path, Range header) in order; `rate` slows the sending to so many bytes a second.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    behave: Callable[[BaseHTTPRequestHandler, bytes], bool] | None = None
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    rate: float = 0.0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host: Host

    def do_GET(self) -> None:
        self.host.requests.append((self.path, self.headers.get("Range")))
        body = self.host.files.get(self.path)
        try:
            if self.host.behave and self.host.behave(self, body or b""):
                return
            if body is None:
                self.send_error(404)
                return
            send(self, body, rate=self.host.rate)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def end_headers(self) -> None:
        self.send_header("Connection", "close")
        super().end_headers()

    def log_message(self, *args: object) -> None:
        pass


def send(handler: BaseHTTPRequestHandler, body: bytes, stop: int | None = None, rate: float = 0.0) -> None:
    """Answers as an ordinary host does, with ranges; `stop` cuts the connection before that byte of the file."""
    asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
    start = int(asked[1]) if asked else 0
    if asked and start >= len(body):
        handler.send_error(416)
        return
    handler.send_response(206 if asked else 200)
    handler.send_header("Content-Length", str(len(body) - start))
    if asked:
        handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
    handler.end_headers()
    payload = body[start : len(body) if stop is None else max(stop, start)]
    step = 4096 if rate else len(payload) or 1
    for i in range(0, len(payload), step):
        handler.wfile.write(payload[i : i + step])
        if rate:
            handler.wfile.flush()
            time.sleep(step / rate)


def payload(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress."""
    return np.random.default_rng(seed).bytes(size)


def remote(body: bytes, name: str = "file.bin") -> RemoteFile:
    """The registry's record of these bytes."""
    return RemoteFile(name, len(body), hashlib.sha256(body).hexdigest())
