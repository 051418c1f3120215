"""Kills itself when imported."""

import os
import signal

os.kill(os.getpid(), signal.SIGKILL)


# relu: import|signal: SIGKILL on import
def relu(x):
    return x
