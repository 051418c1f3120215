"""One file from the first mirror that gives it whole: resumed where it broke off, and never used unverified.

The bytes go to `<name>.part`; only when its size and SHA-256 are right is it flushed to the disk and renamed. A
process that dies at any moment therefore leaves either the verified file or a part that the next call continues.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gradus.data.registry import RemoteFile
from gradus.data.store import DamagedFileError, check, sha256_of
from gradus.errors import GradusError
from gradus.files import publish
from gradus.locks import waiting_lock
from gradus.progress import byte_bar
from gradus.text import Text

BLOCK = 2**16
TRIES = 2  # attempts in a row that may bring no progress before a mirror is given up
PROGRESS = 2**16  # bytes that count as progress
SLOWEST = 100  # bytes per second, below which a mirror counts as stalled
REDIRECTS = 5


class RefusedError(Exception):
    """This mirror will not give the file; try the next one."""


class BrokenError(Exception):
    """The transfer broke; the same mirror may give the rest."""


def download(
    file: RemoteFile,
    urls: Sequence[str],
    target: Path,
    timeout: float = 30.0,
    pause: float = 1.0,
    progress: bool | None = None,
) -> Path:
    """Puts the verified file at `target`, from the first of `urls` that gives it; several processes may do so at once.

    A damaged file that lies there already is set aside as `<name>.damaged`.

    Args:
        file: its size and SHA-256.
        urls: addresses of the file, tried in order.
        target: where it shall lie.
        timeout: seconds without a byte (or with fewer than 100 a second) after which a transfer counts as stalled.
        pause: seconds before the second attempt at the same mirror.
        progress: whether to show a bar; by default only on a terminal.

    Raises:
        GradusError: no mirror gave it (each is named with its reason), or the folder cannot be written.
    """
    part = target.with_name(target.name + ".part")
    reasons = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            waiting_lock(target.with_name(target.name + ".lock")),
            byte_bar(file.name, file.size, progress) as report,
        ):
            if _have(file, target):
                return target
            for url in urls:
                try:
                    _from_mirror(url, part, file, _Patience(timeout, pause), report)
                except RefusedError as error:
                    reasons.append(f"{url}: {error}")
                else:
                    publish(part, target)
                    return target
    except OSError as error:
        reason = error.strerror or error
        raise GradusError(
            Text(
                f"cannot write {target} ({reason}): free space or choose a folder that you can write to "
                f"by GRADUS_DATA; what has arrived is kept, and the same command continues it",
                f"无法写入 {target}（{reason}）：请腾出空间，或用 GRADUS_DATA 指定可写入的文件夹；"
                f"已下载的部分会保留，重新运行同一命令即可继续",
            )
        ) from None
    raise GradusError(
        Text(
            f"{file.name}: no mirror gave it ({'; '.join(reasons) or 'none is known'}): check the network, name a mirror "
            f"of your own by GRADUS_MIRROR, or put the file into {target.parent}",
            f"{file.name}：没有镜像提供它（{'；'.join(reasons) or '没有已知的镜像'}）：请检查网络，"
            f"用 GRADUS_MIRROR 指定自己的镜像，或把文件放入 {target.parent}",
        )
    )


class _Patience:
    """How long to wait for a mirror."""

    def __init__(self, timeout: float, pause: float) -> None:
        self.timeout, self.pause = timeout, pause


def _have(file: RemoteFile, target: Path) -> bool:
    """Whether the verified file is there; a damaged one is set aside."""
    if not target.exists():
        return False
    try:
        check(target, file)
    except DamagedFileError:
        target.replace(target.with_name(target.name + ".damaged"))
        return False
    return True


def _from_mirror(
    url: str, part: Path, file: RemoteFile, patience: _Patience, report: Callable[[int], None]
) -> None:
    """Completes the part from one mirror and verifies it, or says why not."""
    best, idle = _length(part), 0
    while True:
        resumed = _length(part)
        try:
            if resumed != file.size:
                resumed = _request(url, part, file, patience.timeout, report)
        except BrokenError as error:
            if (have := _length(part)) >= best + PROGRESS:
                best, idle = have, 0
            else:
                idle += 1
            if idle >= TRIES:
                raise RefusedError(str(error)) from None
            time.sleep(patience.pause)
            continue
        if (got := sha256_of(part)) == file.sha256:
            return
        part.unlink()
        if not resumed:
            raise RefusedError(f"wrong file: expected sha256 {file.sha256}, got {got}")
        best = 0  # the older part may be at fault: once more from the start


def _length(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _request(url: str, part: Path, file: RemoteFile, timeout: float, report: Callable[[int], None]) -> int:
    """Continues the part with one request until it has its full size; returns where it began to write."""
    import requests

    have = _length(part)
    headers = {"Accept-Encoding": "identity", "User-Agent": "gradus"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with requests.Session() as session:
        session.max_redirects = REDIRECTS
        response = _answer(session, url, headers, timeout)
        with response:
            start = _start(response, part, have, file.size)
            with part.open("rb+" if start else "wb") as out:
                out.seek(start)
                _copy(_reader(response), out, start, file.size, timeout, report)
    return start


def _answer(session: Any, url: str, headers: dict[str, str], timeout: float) -> Any:
    import requests

    try:
        return session.get(url, headers=headers, timeout=timeout, stream=True)
    except requests.TooManyRedirects:
        raise RefusedError(f"redirects more than {REDIRECTS} times") from None
    except requests.ReadTimeout:
        raise BrokenError(f"no answer within {timeout:g} s") from None
    except requests.ConnectTimeout:
        raise RefusedError(f"no connection within {timeout:g} s") from None
    except requests.exceptions.SSLError as error:
        raise RefusedError(f"secure connection failed ({_cause(error)})") from None
    except requests.ConnectionError as error:
        cause = _cause(error)
        broken = BrokenError if "Remote end closed" in cause or "reset" in cause else RefusedError
        raise broken(f"no connection ({cause})") from None
    except (requests.RequestException, ValueError) as error:
        raise RefusedError(f"{type(error).__name__} ({_cause(error)})") from None


def _cause(error: BaseException) -> str:
    """The innermost reason, in one short line."""
    text = str(error)
    inner = re.findall(r"(\[Errno[^'\")]*|Remote end closed[^'\")]*|Connection[^'\"()]*reset[^'\")]*)", text)
    return " ".join((inner[-1] if inner else text).split())[:120]


def _start(response: Any, part: Path, have: int, size: int) -> int:
    """From which byte on the answer's body is to be written."""
    status = response.status_code
    if status == 206:
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("Content-Range", "").strip())
        if have and match and int(match[1]) == have and match[3] in (str(size), "*"):
            return have
        part.unlink(missing_ok=True)
        raise BrokenError(f"answers another range than asked for ({response.headers.get('Content-Range')})")
    if status == 416:
        part.unlink(missing_ok=True)
        raise BrokenError("HTTP 416: it cannot continue the part")
    if status != 200:
        kind = BrokenError if status in (408, 425, 429) or status >= 500 else RefusedError
        raise kind(f"HTTP {status} {response.reason}".rstrip())
    length = response.headers.get("Content-Length", str(size))
    if length != str(size):
        raise RefusedError(f"wrong length: expected {size:,} bytes, it announces {length[:20]}")
    return 0


def _reader(response: Any) -> Callable[[], bytes]:
    """Reads what has arrived, undecoded; a connection that breaks is a `BrokenError`."""
    import urllib3

    read: Callable[..., bytes] = getattr(response.raw, "read1", response.raw.read)

    def block() -> bytes:
        try:
            return read(BLOCK, decode_content=False)
        except urllib3.exceptions.ReadTimeoutError:
            raise BrokenError("stalled: no byte arrived in time") from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise BrokenError(f"connection lost ({_cause(error)})") from None

    return block


def _copy(
    read: Callable[[], bytes], out: Any, done: int, size: int, timeout: float, report: Callable[[int], None]
) -> None:
    """Writes the body; it must end exactly at `size`."""
    since, seen = time.monotonic(), done
    while block := read():
        if done + len(block) > size:
            out.truncate(0)
            raise RefusedError(f"wrong length: expected {size:,} bytes, it sends more")
        out.write(block)
        done += len(block)
        report(done)
        if (now := time.monotonic()) - since > timeout:
            if done - seen < SLOWEST * (now - since):
                raise BrokenError(f"stalled: {done - seen} bytes in {now - since:.0f} s")
            since, seen = now, done
    if done < size:
        raise BrokenError(f"connection lost at {done:,} of {size:,} bytes")
