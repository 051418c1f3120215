"""Downloads in child processes: killed at random moments, at every call, or many at once. Prints what was left, as JSON.

Usage: nursery.py kill|every|race URL SIZE SHA256 FOLDER COUNT SEED
It is one thread, so that it may fork; its children import nothing anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import requests
import urllib3

from gradus.data.download import download
from gradus.data.registry import RemoteFile

assert requests, urllib3


def child(url: str, file: RemoteFile, target: Path) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            download(file, [url], target, timeout=5, pause=0.0)
            os._exit(0)
        except BaseException as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
    return pid


def verified(file: RemoteFile, target: Path) -> bool:
    return hashlib.sha256(target.read_bytes()).hexdigest() == file.sha256


def kill(url: str, file: RemoteFile, target: Path, count: int, rng: random.Random) -> dict[str, int]:
    """Kills `count` downloads; whenever one finished before its kill, the next begins anew."""
    start = time.monotonic()
    os.waitpid(child(url, file, target), 0)
    span = time.monotonic() - start  # of an undisturbed download
    left = {"killed": 0, "unverified": 0, "finished": 0, "continued": 0, "kept": 0}
    target.unlink()
    part = target.with_name(target.name + ".part")
    while left["killed"] < count:
        left["continued"] += part.exists() and part.stat().st_size > 0
        pid = child(url, file, target)
        time.sleep(rng.uniform(0, 1.2 * span))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        left["killed"] += os.WIFSIGNALED(status)
        left["finished"] += not os.WIFSIGNALED(status)
        if target.exists():
            left["kept"] += 1
            left["unverified"] += not verified(file, target)
            target.unlink()
    _, status = os.waitpid(child(url, file, target), 0)
    return {
        **left,
        "last": status,
        "verified": int(verified(file, target)),
        "files": len(list(target.parent.iterdir())),
    }


def every(url: str, file: RemoteFile, target: Path, count: int, rng: random.Random) -> dict[str, int]:
    """Kills the end of a download (everything has arrived) before and after every single call that it makes."""
    body, left = target.read_bytes(), {"killed": 0, "unverified": 0, "repaired": 0}
    while True:
        target.unlink(missing_ok=True)
        target.with_name(target.name + ".part").write_bytes(body)
        pid = os.fork()
        if pid == 0:
            events = 0

            def count_down(frame: object, event: str, argument: object, last: int = left["killed"]) -> None:
                nonlocal events
                events += 1
                if events > last:
                    os.kill(os.getpid(), signal.SIGKILL)

            sys.setprofile(count_down)
            download(file, [url], target)
            sys.setprofile(None)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        left["unverified"] += target.exists() and not verified(file, target)
        if not os.WIFSIGNALED(status):
            return {**left, "verified": int(verified(file, target))}
        left["killed"] += 1
        download(file, [url], target)
        left["repaired"] += verified(file, target)


def race(url: str, file: RemoteFile, target: Path, count: int, rng: random.Random) -> dict[str, int]:
    """Lets 2, 4 or 8 processes fetch the same file, `count` times; in every third round the first is killed."""
    left = {"failed": 0, "unverified": 0, "litter": 0}
    for i in range(count):
        pids = [child(url, file, target) for _ in range((2, 4, 8)[i % 3])]
        if i % 3 == 2:
            time.sleep(rng.uniform(0, 0.02))
            os.kill(pids[0], signal.SIGKILL)
        states = [os.waitpid(pid, 0)[1] for pid in pids]
        left["failed"] += sum(status != 0 for status in states[i % 3 == 2 :])
        left["unverified"] += not verified(file, target)
        left["litter"] += len(list(target.parent.iterdir())) - 1
        target.unlink()
    return left


if __name__ == "__main__":
    what, url, size, sha256, folder, count, seed = sys.argv[1:]
    act = {"kill": kill, "every": every, "race": race}[what]
    file = RemoteFile("file.bin", int(size), sha256)
    print(json.dumps(act(url, file, Path(folder) / "file.bin", int(count), random.Random(int(seed)))))
