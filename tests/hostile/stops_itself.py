"""Stops its process as a debugger would, so that it neither ends nor answers."""

import os
import signal


def attack(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGSTOP)


attack()
