"""Writes files until there is no room."""

from pathlib import Path

block = b"0" * 2**20
for folder in (Path.cwd(), Path.home()):
    for number in range(2000):
        try:
            (folder / f"{number}.bin").write_bytes(block)
        except OSError as error:
            print(number, "MB, then", error.strerror)
            break
    for number in range(2000):
        (folder / f"{number}.bin").unlink(missing_ok=True)


def attack(*args, **kwargs):
    return None
