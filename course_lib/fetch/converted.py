"""What has been converted once from a download, kept beside it in the cache.

A pickle, or a thousand small files, is read once and written again as an ``.npz`` or a
``.weights.h5``, which load fast and hold nothing but arrays.
"""

import contextlib
import os
import zipfile
import zlib

from course_lib import catalog, fetch

FOLDER = "converted"
# What zipfile, NumPy and h5py raise where single bytes have changed; RuntimeError stands for HDF5's
# own check and for an entry that seems encrypted or packed in an unknown way.
DAMAGED = (OSError, ValueError, KeyError, EOFError, RuntimeError, MemoryError)
DAMAGED += (zipfile.BadZipFile, zlib.error)


def converted(name, file, make, read, *, form=None):
    """Read a converted asset; convert it first where that has not been done or is damaged.

    Parameters
    ----------
    name : str
        The asset, an id of the catalogue; it is fetched only to be converted.
    file : str
        What to call the result, such as ``"mnist.npz"``.
    make : callable
        Takes the path of the asset and the path to write to.
    read : callable
        Takes the path of the result and returns what it holds; one of `DAMAGED` says that it is
        not there, or not whole.
    form : str, optional
        As in `fetch.fetch`.

    Returns
    -------
    object
        What `read` returned.

    Raises
    ------
    fetch.FetchError
        If the asset cannot be fetched, or the cache cannot be written.
    archives.ArchiveError
        If the asset's file holds something else than arrays.
    """
    path = fetch.cache_folder() / FOLDER / file
    with contextlib.suppress(*DAMAGED):
        return read(path)
    source = fetch.fetch(name, form=form, verify=True)
    with fetch._one_sentence(catalog.asset(name), fetch.cache_folder()), _alone(path) as new:
        with contextlib.suppress(*DAMAGED):
            return read(path)  # another process made it while this one waited
        make(source, new)
        os.replace(new, path)
        return read(path)


@contextlib.contextmanager
def _alone(path):
    """A name to write to, which no other process has; it is gone afterwards."""
    import filelock

    locks = fetch.cache_folder() / ".locks"
    for folder in (locks, path.parent):
        folder.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".new-{path.name}")  # the suffix tells NumPy and Keras the format
    with filelock.FileLock(locks / f"{path.name}.lock"):
        try:
            yield new
        finally:
            new.unlink(missing_ok=True)
