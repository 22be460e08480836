"""What every test may ask for."""

import pytest


@pytest.fixture
def asset():
    """Return a function: the id of an asset -> its path in the cache, or skip with the remedy.

    Unit tests never touch the network, so they take what `make test` has put into the cache.
    """
    from course_lib import fetch

    def find(name):
        path = fetch.cached(name)
        if path is None:
            pytest.skip(f"needs the asset {name}: course fetch {name}")
        return path

    return find
