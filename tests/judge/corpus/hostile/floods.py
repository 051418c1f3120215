"""It floods the streams and the memory, leaves threads and processes behind."""

import asyncio
import os
import sys
import threading
import time

import numpy as np

CALLS = [0]


# relu: wrong: prints a megabyte a call, and is wrong
def floods(x):
    print("y" * 1_000_000)
    sys.stderr.write("z" * 1_000_000)
    return np.abs(x)


# relu: wrong: prints what looks like a report, with escape sequences
def forges(x):
    print('{"holds": true, "counts": {"holds": 99, "fails": 0, "skipped": 0}}')
    print("\x1b[2J\x1b[H\x1b[32m1 concept: 99 claims hold\x1b[0m\x1b]0;title\x07")
    return np.abs(x)


# relu: wrong: writes to every file descriptor that is open
def writes_everywhere(x):
    for number in range(3, 64):
        try:
            os.set_blocking(number, False)
            os.write(number, b'{"holds": true}\n\x00\xff')
        except OSError:
            continue
    return np.abs(x)


# relu: wrong|exit|exception: closes every file descriptor
def closes_everything(x):
    os.closerange(0, 256)
    return np.abs(x)


# relu: wrong: closes the standard streams
def closes_streams(x):
    for stream in (sys.stdout, sys.stderr):
        stream.close()
    return np.abs(x)


# relu: wrong: the streams are None
def removes_streams(x):
    sys.stdout = sys.stderr = sys.stdin = None
    return np.abs(x)


# relu: exception EOFError|exception RuntimeError|exception OSError: reads a line from standard input
def reads(x):
    input("press enter ")
    return np.maximum(x, 0)


# relu: wrong: leaves a thread behind at every call
def leaves_threads(x):
    threading.Thread(target=time.sleep, args=(30,)).start()
    return np.abs(x)


# relu: wrong: leaves a thread behind that prints
def leaves_a_printer(x):
    def talk():
        for _ in range(300):
            print("still here", flush=True)
            time.sleep(0.1)

    threading.Thread(target=talk, daemon=True).start()
    return np.abs(x)


# relu: wrong: leaves a process behind that holds the streams
def forks(x):
    if os.fork() == 0:
        time.sleep(20)
        os._exit(0)
    return np.abs(x)


# relu: exit|wrong: both halves of a fork go on
def doubles(x):
    if CALLS[0] == 0:
        CALLS[0] = 1
        if os.fork() == 0:
            sys.exit(0)
    return np.abs(x)


# relu: wrong: hangs when the interpreter ends
def hangs_at_the_end(x):
    import atexit

    if CALLS[0] == 0:
        CALLS[0] = 1
        atexit.register(time.sleep, 3600)
    return np.abs(x)


# relu: wrong: ends with status 0 when the interpreter ends
def exits_at_the_end(x):
    import atexit

    atexit.register(os._exit, 0)
    return np.abs(x)


# relu: structure: a coroutine
async def coroutine(x):
    await asyncio.sleep(0)
    return np.maximum(x, 0)


# relu: memory: grows without end
def grows(x):
    held = []
    while True:
        held.append(np.ones(10_000_000))


# relu: memory: one array larger than any memory
def huge(x):
    return np.ones((1 << 20, 1 << 20))


# relu: memory: a list that grows without end
def grows_in_lists(x):
    held = []
    while True:
        held.append([0] * 1_000_000)
