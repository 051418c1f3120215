"""Shows the site on this machine: the standard library's server, on loopback alone, which remakes what has changed."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gradus.errors import GradusError
from gradus.files import cache_folder
from gradus.locks import waiting_lock
from gradus.site.dependencies import PACKAGE
from gradus.site.making import remake, start_worker
from gradus.site.manifest import open_site
from gradus.site.plan import Part, chosen, parts
from gradus.text import Text

HOST = "127.0.0.1"
NAMES = ("127.0.0.1", "localhost")
PROCESSES = 2  # a page does not wait for the frames of another's figure
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_SOURCES = (".py", ".md", ".toml", ".txt", ".json", ".html", ".css", ".js")


class Server:
    """The server of one site; `address` is where it is found.

    Args:
        directory: where the site is kept; in the user's cache unless given.
        port: a free one unless given.
        keys: of the concepts; all of them unless given.

    Raises:
        GradusError: a key is of no concept, the folder holds files that are not the site's, or the port is in use.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        port: int = 0,
        keys: Sequence[str] | None = None,
    ) -> None:
        chosen(keys)  # refuses an unknown key before anything is begun
        self.manifest = open_site(cache_folder("site") if directory is None else directory)
        self.keys = keys
        self._making = threading.Lock()
        self._begun: dict[Part, Future[Any]] = {}
        self._pool: ProcessPoolExecutor | None = None
        self._seen = ""
        self._parts: dict[str, Part] = {}
        try:
            self._http = ThreadingHTTPServer((HOST, port), _handler(self))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise GradusError(
                Text(
                    f"cannot listen on port {port}: {reason}; give another with --port, or none for a free one",
                    f"无法监听端口 {port}：{reason}；请用 --port 指定其他端口，或不指定以使用空闲端口",
                )
            ) from error
        self._http.daemon_threads = True

    @property
    def address(self) -> str:
        """Where the site is found."""
        return f"http://{HOST}:{self._http.server_address[1]}/"

    def serve(self) -> None:
        """Answers until `close` is called, or Ctrl-C."""
        with contextlib.suppress(KeyboardInterrupt):
            self._http.serve_forever(poll_interval=0.2)
        self.close()

    def close(self) -> None:
        """Ends the server and its processes."""
        threading.Thread(target=self._http.shutdown, daemon=True).start()
        self._http.server_close()
        with self._making:
            if self._pool is not None:
                # waited for: the interpreter's own end would write to a pipe that is just being closed
                self._pool.shutdown(wait=True, cancel_futures=True)

    def file(self, name: str) -> Path | None:
        """The file of that name, made now where it is not as it should be; none where the site has no such file."""
        with self._making:
            self._renew()
            part = self._parts.get(name)
            if part is None or self._pool is None:
                return None
            future = self._begun.get(part)
            if future is None or future.done():
                row = self.manifest.rows.get(part.name)
                future = self._pool.submit(remake, part, str(self.manifest.directory), self.keys, row)
                self._begun[part] = future
        row = future.result()
        if row is not None:
            self._note(part, row)
        return self.manifest.directory / name

    def _note(self, part: Part, row: dict[str, Any]) -> None:
        with self._making, waiting_lock(self.manifest.lock):
            if self.manifest.rows.get(part.name) != row:
                self.manifest.rows[part.name] = row
                self.manifest.write()

    def _renew(self) -> None:
        """Where the pages or Gradus itself have changed, what has imported them is started anew."""
        state = _state()
        if state == self._seen:
            return
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=start_worker)
        self._begun.clear()
        every = self._pool.submit(_every_part, self.keys).result()
        self._parts = {file: part for part in every for file in part.files}
        self.manifest.claim(self._parts)
        self._seen = state


def _every_part(keys: Sequence[str] | None) -> list[Part]:
    return parts(chosen(keys))


def _state() -> str:
    """What tells whether any file of the package has changed: its name, size and time."""
    found = []
    for folder, folders, names in os.walk(PACKAGE):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            if name.endswith(_SOURCES):
                with contextlib.suppress(OSError):
                    status = os.stat(f"{folder}/{name}")  # noqa: PTH116  (a thousand of them at each request)
                    found.append((folder, name, status.st_size, status.st_mtime_ns))
    return repr(hash(tuple(sorted(found))))


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Gives the files of the site, and nothing else."""

        server_version = "gradus"
        sys_version = ""

        def do_GET(self) -> None:
            """A file of the site."""
            self._answer(body=True)

        def do_HEAD(self) -> None:
            """What the file would be."""
            self._answer(body=False)

        def _answer(self, body: bool) -> None:
            if not _is_here(self.headers.get("Host", "")):
                self._tell(HTTPStatus.FORBIDDEN, "another name than this machine's", body)
                return
            name = _name(self.path)
            try:
                file = server.file(name) if name is not None else None
                content = file.read_bytes() if file is not None else b""
            except Exception as error:  # a page that is being written may be wrong: its reader is told how
                self._tell(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}", body)
                return
            if file is None:
                self._tell(HTTPStatus.NOT_FOUND, "no page has this address", body)
                return
            self._say(HTTPStatus.OK, content, TYPES[file.suffix], body)

        def _tell(self, status: HTTPStatus, words: str, body: bool) -> None:
            self._say(status, f"{status.value}: {words}\n".encode(), "text/plain; charset=utf-8", body)

        def _say(self, status: HTTPStatus, content: bytes, kind: str, body: bool) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-cache")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if body:
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing: the pages say for themselves."""

    return Handler


def _is_here(host: str) -> bool:
    """Whether a request names this machine; another site's name that leads here is refused."""
    try:
        return urlsplit(f"//{host}").hostname in NAMES
    except ValueError:
        return False


def _name(path: str) -> str | None:
    """The name of the file that an address asks for; none where it cannot be one."""
    try:
        name = unquote(urlsplit(path).path, errors="strict").lstrip("/")
    except (UnicodeDecodeError, ValueError):
        return None
    return f"{name}index.html" if name == "" or name.endswith("/") else name


def serve_site(
    directory: str | os.PathLike[str] | None = None,
    port: int = 0,
    keys: Sequence[str] | None = None,
    ready: Callable[[str], None] = print,
) -> None:
    """Shows the site on this machine until Ctrl-C; `ready` is told its address.

    Args:
        directory: where it is kept; in the user's cache unless given.
        port: a free one unless given.
        keys: of the concepts; all of them unless given.
        ready: called once it answers.

    Raises:
        GradusError: a key is of no concept, the folder holds files that are not the site's, or the port is in use.
    """
    server = Server(directory, port, keys)
    ready(server.address)
    server.serve()
