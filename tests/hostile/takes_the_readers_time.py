"""Prints and shows what takes hours to be put into a page: colours, brackets, endless lines."""

from IPython.display import Markdown, display

print("\x1b[m" * 300_000)
display(Markdown("[" * 1_000_000))


def attack(*args, **kwargs):
    raise RuntimeError("\x1b[31m" * 1000 + "[x](" * 1000)


attack()
