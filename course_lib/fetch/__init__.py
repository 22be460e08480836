"""Turn an entry of the catalogue into verified files in the cache.

The cache is a folder per asset. An asset gets its folder by one rename, after every file in it has
been checked, so what is there is whole; whatever fails on the way leaves nothing behind. Several
processes may ask for the same asset: one downloads, the others wait and find it.
"""

import contextlib
import errno
import hashlib
import os
import shutil
from pathlib import Path

from course_lib import catalog, checks

from . import archives, download_bar, sources

FULL = (errno.ENOSPC, errno.EDQUOT)


class FetchError(FileNotFoundError):
    """An asset is not here and could not be fetched; the message says why and what to do."""


def cache_folder():
    """The folder that keeps the downloads: ``COURSE_DATA``, or the system's place for caches.

    Returns
    -------
    Path
        It need not exist yet.
    """
    told = os.environ.get("COURSE_DATA")
    if told:
        return Path(told).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("course"))


def cached(name, *, form=None):
    """The path of an asset that is already in the cache.

    Parameters
    ----------
    name : str
        An id of the catalogue.
    form : str, optional
        ``"official"`` or ``"package"``, of an asset that has two forms; by default `told_form`,
        or either.

    Returns
    -------
    Path or None
        The file of an asset that has one, the folder of an asset that has several; None where it
        is missing, or files of it have been removed or cut since.

    Raises
    ------
    ValueError
        If the catalogue has no such asset; near ones are named.
    """
    forms = catalog.asset(name).forms(form or told_form(name))
    return _find(forms, cache_folder(), _is_complete)


def fetch(name, *, form=None, progress=None, verify=False):
    """Get an asset: from the cache, or else from the first of its sources that can give it.

    Parameters
    ----------
    name : str
        An id of the catalogue.
    form : str, optional
        As in `cached`; where either will do, what is in the cache, else the official form first.
    progress : callable or bool, optional
        A function of the bytes that have come and all that will; False for silence. By default a
        bar where someone watches: on a terminal, or in a notebook.
    verify : bool
        Whether what is in the cache is hashed again, and fetched anew if it has changed.

    Returns
    -------
    Path
        As `cached`.

    Raises
    ------
    ValueError
        If the catalogue has no such asset; near ones are named.
    FetchError
        If it is not in the cache and no source gave it, or the cache cannot be written.
    """
    asset = catalog.asset(name)
    cache, forms = cache_folder(), asset.forms(form or told_form(name))
    is_whole = _is_genuine if verify else _is_complete
    path = _find(forms, cache, is_whole)
    if path is None:
        with _one_sentence(asset, cache), _workspace(asset, cache) as work:
            # Another process may have brought it while this one waited for the lock.
            path = _find(forms, cache, is_whole)
            if path is None:
                with download_bar.bar(asset.id, progress) as report:
                    _bring(forms, cache, work, report)
    return path or _find(forms, cache, _is_complete)


def told_form(name):
    """The form of an asset that ``COURSE_WEIGHTS`` asks for, where the forms differ in numbers.

    Parameters
    ----------
    name : str
        An id of the catalogue.

    Returns
    -------
    str or None
        ``"official"``, ``"package"``, or None: nothing is said, or it makes no difference here.

    Raises
    ------
    ValueError
        If there is no such asset, or ``COURSE_WEIGHTS`` says something else.
    """
    official = catalog.asset(name).official
    told = os.environ.get("COURSE_WEIGHTS")
    if not told or official is None or not official.differs:
        return None
    return checks.choice(told, "COURSE_WEIGHTS", catalog.FORMS)


def tree_sha256(folder):
    """The SHA-256 of a folder's list of files, as `catalog.Tree` describes it.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    str
    """
    names = sorted(Path(path).relative_to(folder).as_posix() for path in _files(folder))
    lines = (f"{sources.sha256(folder / name)}  {name}\n" for name in names)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _find(forms, cache, is_whole):
    """The path of the first form that is all there, or None."""
    for asset in forms:
        folder = cache / asset.id
        if is_whole(asset, folder):
            return folder / asset.single if asset.single else folder
    return None


def _files(folder):
    """The paths of all files below a folder, as text: thousands of them are faster so."""
    return [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names]


def _is_complete(asset, folder):
    """Whether all files are there with their sizes; hashes were checked when they came."""
    try:
        if asset.tree is None:
            return all((folder / n).stat().st_size == f.size for n, f in asset.files.items())
        sizes = [os.path.getsize(path) for path in _files(folder)]
    except OSError:
        return False
    return (len(sizes), sum(sizes)) == (asset.tree.count, asset.tree.size)


def _is_genuine(asset, folder):
    if not _is_complete(asset, folder):
        return False
    if asset.tree:
        return tree_sha256(folder) == asset.tree.sha256
    return all(sources.is_known(folder / name, file) for name, file in asset.files.items())


@contextlib.contextmanager
def _one_sentence(asset, cache):
    """Turn what the system says about the cache into a sentence with its remedy."""
    elsewhere = "set COURSE_DATA to a folder with room that you can write to"
    try:
        yield
    except FetchError:
        raise
    except NotImplementedError as problem:
        raise FetchError(
            f"{asset.id} cannot be fetched into {cache}: that disk knows no locks; {elsewhere}, "
            f"then run: course fetch {asset.id}"
        ) from problem
    except OSError as problem:
        full = problem.errno in FULL
        why = "the disk is full" if full else f"it cannot be written ({problem.strerror})"
        raise FetchError(
            f"{asset.id} cannot be fetched into {cache}: {why}; {elsewhere}, "
            f"then run: course fetch {asset.id}"
        ) from problem


@contextlib.contextmanager
def _workspace(asset, cache):
    """An empty folder inside the cache that this process alone may use, gone afterwards."""
    import filelock

    # Assets that share an archive share its lock, so that it is downloaded once for all of them.
    name = asset.sources[-1].archive.name
    locks, work = cache / ".locks", cache / ".work" / name
    locks.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(locks / f"{name}.lock"):
        shutil.rmtree(work, ignore_errors=True)  # what a killed process left
        try:
            work.mkdir(parents=True)
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            with contextlib.suppress(OSError):  # another asset is on its way
                work.parent.rmdir()


def _bring(forms, cache, work, report):
    """Try the sources in order; the message of the last resort says what each of them said."""
    said, last = [], forms[-1]
    pairs = [(asset, source) for asset in forms for source in asset.sources]
    for number, (asset, source) in enumerate(pairs):
        room = work / str(number)
        room.mkdir()
        try:
            return _bring_from(source, asset, cache, room, report)
        except (sources.SourceError, archives.ArchiveError) as problem:
            said.append(f"{source.archive.label}: {problem}")
        finally:
            shutil.rmtree(room, ignore_errors=True)
    name = last.id.removesuffix(".official")
    raise FetchError(
        f"{name} ({last.title}) could not be fetched; {'; '.join(said)}. "
        f"When the network is there, run: course fetch {name}"
    )


def _bring_from(source, asset, cache, room, report):
    packed = room / "archive"
    sources.download(source.archive, packed, report)
    wanted = _missing(source.archive, asset, cache)
    new = room / "new"
    if not source.folder:
        (new / asset.id).mkdir(parents=True)
        os.replace(packed, new / asset.id / asset.single)
    else:
        archives.unpack(packed, source.archive.format, _placer(wanted, new))
    for other, _ in wanted:
        if not _is_genuine(other, new / other.id):
            raise archives.ArchiveError(f"the files of {other.id} in it are not the known ones")
    for other, _ in wanted:
        _install(new / other.id, cache / other.id, room)


def _missing(archive, asset, cache):
    """All assets with files in this archive that are not here yet; it is read once for all."""
    forms = (form for other in catalog.assets() for form in other.forms())
    return [
        (other, source)
        for other in forms
        for source in other.sources
        if source.archive == archive
        and (other.id == asset.id or not _is_complete(other, cache / other.id))
    ]


def _placer(wanted, new):
    def place(entry):
        places = ((other, source.place(entry, other.files)) for other, source in wanted)
        return [new / other.id / name for other, name in places if name is not None]

    return place


def _install(new, final, room):
    """Give a checked folder its name; a damaged one of that name goes away with the workspace."""
    if final.exists():
        os.replace(final, room / f"old-{final.name}")
    os.replace(new, final)
