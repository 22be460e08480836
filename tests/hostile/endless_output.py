"""Prints without end."""


def attack(*args, **kwargs):
    while True:
        print("x" * 100_000)


attack()
