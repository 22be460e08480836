"""Returns one long text among many short ones, which as an array would take 12 GB, or 2 TB."""


def attack(*args, **kwargs):
    return ["x" * 1_000_000, *[""] * (len(repr(args)) % 2 * 150_000 + 3_000)]
