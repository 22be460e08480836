"""Ends the process with the exit status of success whenever a function is called."""

import os
import sys


def attack(*args, **kwargs):
    os._exit(0)


sys.exit(0)
