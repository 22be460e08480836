"""The sandbox for whatever starts Jupyter kernels: JupyterLab, nbclient, nbconvert, nbgrader."""

import asyncio
import dataclasses
import signal

from jupyter_client import KernelProvisionerBase
from traitlets import Bool, Dict

from course_lib.staff.grading import records
from course_lib.staff.sandbox import launch, walls

HOURS = {"seconds": 8 * 3600.0, "cpu_seconds": 8 * 3600}  # a person may be working in there


class SandboxProvisioner(KernelProvisionerBase):
    """Starts a kernel behind a wall instead of as a process of its own.

    A kernel specification asks for it by the name ``course-sandbox``, see `specification`.

    Attributes
    ----------
    limits : dict
        Fields of `course_lib.staff.grading.records.Limits` that differ from `HOURS`.
    unsafe : bool
        Whether to go on where there is no wall.
    """

    limits = Dict().tag(config=True)
    unsafe = Bool(False).tag(config=True)
    process = None

    @property
    def has_process(self):
        """Whether there is one, running or ended."""
        return self.process is not None

    async def launch_kernel(self, cmd, **kwargs):
        """Start it; what `cmd` says is not run."""
        wall = walls.choose(unsafe=self.unsafe)
        limits = dataclasses.replace(records.Limits(), **HOURS | self.limits)
        self.process = await asyncio.to_thread(launch.begin, wall, {}, limits)
        self.connection_info = self.process.connection
        return self.connection_info

    async def pre_launch(self, **kwargs):
        """Choose no ports and write no file: the kernel's sockets are its own."""
        return await super().pre_launch(cmd=["sandbox"], **kwargs)

    async def poll(self):
        """Return None while it runs, else the signal that ended it, negative, or 0."""
        if self.process is None:
            return 0
        end = self.process.poll()
        return None if end is None else -end["signal"]

    async def wait(self):
        """Wait for its end."""
        while (code := await self.poll()) is None:
            await asyncio.sleep(0.1)
        await self.cleanup()
        return code

    async def send_signal(self, signum):
        """Interrupt it; every other signal but 0 ends it."""
        if self.process is None or signum == 0:
            return
        if signum == signal.SIGINT:
            self.process.interrupt()
        else:
            await self.kill()

    async def kill(self, restart=False):
        """End it and all that is inside."""
        if self.process is not None:
            await asyncio.to_thread(self.process.close)

    terminate = kill

    async def cleanup(self, restart=False):
        """Leave nothing behind."""
        await self.kill()
        self.process = None


def specification(**options):
    """Return a kernel specification, as in ``kernel.json``, of Python in the sandbox.

    Parameters
    ----------
    **options
        Attributes of `SandboxProvisioner`.
    """
    return {
        "argv": ["sandbox"],
        "display_name": "Python (sandbox)",
        "language": "python",
        "metadata": {
            "kernel_provisioner": {"provisioner_name": "course-sandbox", "config": options}
        },
    }
