"""What every test may ask for."""

import fetch_server
import pytest
from hypothesis import HealthCheck, settings

from course_lib import catalog

# The same examples in every run, however busy the machine. To search with others:
# pytest --hypothesis-profile=default
settings.register_profile(
    "course",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("course")


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


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return a folder that is the course's cache, and empty."""
    folder = tmp_path / "cache with a space キャッシュ"
    monkeypatch.setenv("COURSE_DATA", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture
def server():
    """Yield a web server on this machine, see `fetch_server`."""
    with fetch_server.running() as running:
        yield running


@pytest.fixture
def offer(monkeypatch):
    """Return a function that puts assets into the catalogue, in place of its own."""

    def put(*assets):
        monkeypatch.setattr(catalog, "load", lambda: {asset.id: asset for asset in assets})

    return put
