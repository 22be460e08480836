"""Work on many submissions at a time: Dask's workers, here or on a cluster that is there."""

import logging
import math
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec

from course_lib.staff.grading import worker

# One submission per worker and the rest in the scheduler's queue, so that a worker that dies takes
# one with it; what was lost is tried again by `each`, which does so alone.
_HERE = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.comm.timeouts.connect": "120s",
    "distributed.scheduler.worker-ttl": None,
    # One that died may take its time to come again: after 15 s Dask would do without it for good,
    # and where that is true of all, wait for ever.
    "distributed.deploy.lost-worker-timeout": "1 day",
    "distributed.scheduler.http.routes": ["distributed.http.health"],
    "distributed.worker.http.routes": ["distributed.http.health"],
    "distributed.worker.daemon": False,  # it starts kernels
    # What Dask notes about itself for a dashboard that is not there takes a twentieth of a core.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}


_PATIENCE = 60  # seconds for a scheduler to answer, and for its first worker


class PoolFault(OSError):
    """There are no workers that can grade; the message says why."""


@contextmanager
def here(workers=0):
    """Start workers on this machine, and yield Dask's client of them.

    Parameters
    ----------
    workers : int
        Processes; 0: one per core.
    """
    import dask
    from dask.system import CPU_COUNT
    from distributed import Client, LocalCluster

    quiet = {f"logging.{part}": "critical" for part in ("distributed", "tornado", "asyncio")}
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_HERE | quiet))
        with _deaf():
            cluster = LocalCluster(
                n_workers=workers or CPU_COUNT,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                # A scheduler that asks for no certificate takes work from others on this machine.
                security=find_spec("cryptography") is not None or None,
                memory_limit=0,  # each kernel has its own limit; a nanny would kill a whole worker
                silence_logs=logging.CRITICAL,
                preload=worker.__name__,
            )
        stack.enter_context(cluster)
        yield stack.enter_context(Client(cluster, set_as_default=False))


@contextmanager
def _deaf():
    """Start processes that do not hear a Ctrl-C in their terminal: this one closes them itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def there(address):
    """Connect to a Dask scheduler, and yield the client.

    Raises
    ------
    PoolFault
        If nothing answers there, or no worker is with it.
    """
    from distributed import Client

    try:
        client = Client(address, set_as_default=False, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise PoolFault(f"No Dask scheduler answers at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise PoolFault(f"The scheduler at {address} has no workers; start some.") from None
        yield client


@contextmanager
def holding(client, order, ask=True):
    """Give an order to all workers for as long as the context lasts.

    Parameters
    ----------
    client : distributed.Client
    order : worker.Order
    ask : bool
        Whether each worker is to say first if it can grade; ours are as this process is.

    Raises
    ------
    PoolFault
        If a worker has another library, or no sandbox of its own.
    """
    plugin = worker.Holding(order)
    if ask:
        _check(client, order, digest="")
    client.register_plugin(plugin)
    try:
        if ask:
            _check(client, order, order.assignment.digest)
        yield
    finally:
        client.unregister_worker_plugin(plugin.name)


def _check(client, order, digest):
    """Ask every worker whether it can grade."""
    said = client.run(worker.fault, worker.fingerprint(), order.unsafe, digest, on_error="return")
    for address, fault in said.items():
        if isinstance(fault, ImportError):
            fault = f"it lacks the course's library ({fault}); install course-lib[staff] there."
        if fault:
            raise PoolFault(f"The worker {address} cannot grade: {fault}")


def width(client):
    """Return how many submissions should be on their way: two per thread."""
    return 2 * max(1, sum(client.nthreads().values()))


def _asked_now_and_then(client):
    """`width`, without asking the scheduler for each submission; a cluster may grow."""
    known, asked = 0, -math.inf

    def bound():
        nonlocal known, asked
        if time.monotonic() - asked > 5:
            known, asked = width(client), time.monotonic()
        return known

    return bound


def each(client, function, keys, load):
    """Call a function for every key on the workers, a bounded number at a time.

    What loses its worker is tried once more, alone and at the end, so that it is clear who killed
    the worker.

    Parameters
    ----------
    client : distributed.Client
    function : callable
    keys : iterable of str
    load : callable
        From a key to the arguments; called when its turn has come.

    Yields
    ------
    key : str
    outcome : object
        What the function returned, or the exception of the second loss.
    """
    lost = []
    for key, outcome in _stream(client, function, keys, load, _asked_now_and_then(client)):
        if isinstance(outcome, Exception):
            lost.append(key)
        else:
            yield key, outcome
    yield from _stream(client, function, lost, load, lambda: 1)


def _stream(client, function, keys, load, bound):
    """Key and outcome as they come."""
    from distributed import as_completed

    keys, waiting = iter(keys), {}
    done = as_completed(loop=client.loop, raise_errors=False)
    try:
        while True:
            while len(waiting) < bound() and (key := next(keys, None)) is not None:
                future = client.submit(function, *load(key), pure=False)
                waiting[future] = key
                done.add(future)
            if not waiting:
                return
            future = next(done)
            yield waiting.pop(future), _outcome(client, future)
            future.release()
    finally:
        client.cancel(list(waiting), force=True)


def _outcome(client, future):
    """What a future returned, or how it was lost."""
    from course_lib.staff.sandbox import NoSandbox

    try:
        return future.result()
    except NoSandbox:
        raise
    except Exception as error:
        if client.status != "running":
            raise PoolFault("The Dask scheduler is gone; run the same command to go on.") from None
        return error
