"""Kernels without a sandbox: in the place of `sandbox.kernel`, or for a whole notebook."""

import contextlib
import tempfile
from pathlib import Path

from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from traitlets.config import Config

from course_lib import runner


class LocalKernel:
    """What `session` needs of a kernel."""

    def __init__(self, manager, client):
        self.manager, self.client, self.peak = manager, client, 1

    def interrupt(self):
        self.manager.interrupt_kernel()

    def alive(self):
        return self.manager.is_alive()

    def fate(self):
        return "" if self.alive() else "died"


@contextlib.contextmanager
def kernel(wall, files, limits):
    """Start a kernel in a folder of its own, with the files in it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        manager = KernelManager(transport="ipc", ip=f"{folder}/kernel")
        manager.start_kernel(cwd=folder, extra_arguments=["--log-level=CRITICAL"])
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=120)
            yield LocalKernel(manager, client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def execute(notebook, folder, **how):
    """Run a notebook in a folder, in place."""
    where = {"metadata": {"path": str(folder)}}
    with runner.sockets() as place:
        NotebookClient(
            notebook,
            timeout=900,
            kernel_name="python3",
            resources=where,
            config=Config(KernelManager=place),
            **how,
        ).execute()
