"""The command lines of podman and docker, as data."""

import os

from course_lib.staff.sandbox import inside, view

FILES = 512  # open at a time


def _container(folder, limits, name):
    """Yield the options that podman and docker share."""
    yield from ("run", "--rm", "--interactive", "--network", "none", "--read-only")
    if name:
        yield from ("--name", name)
    yield from ("--cap-drop", "all", "--security-opt", "no-new-privileges")
    yield from ("--pids-limit", str(limits["processes"]), "--memory", str(limits["memory"]))
    yield from ("--memory-swap", str(limits["memory"]), "--hostname", "sandbox", "--init=false")
    yield from ("--ulimit", f"nofile={FILES}:{FILES}", "--ulimit", f"nproc={_most()}:{_most()}")
    yield from ("--workdir", inside.HOME, "--shm-size", str(view.SHM), "--log-driver", "none")
    for path in (*_real_system(), *view.seen(), str(view.LIBRARY)):
        yield from ("--mount", f"type=bind,source={path},target={path},readonly")
    yield from ("--mount", f"type=bind,source={folder / 'given'},target={inside.GIVEN},readonly")
    yield from ("--mount", f"type=bind,source={folder / 'sockets'},target={inside.SOCKETS}")
    for path in (inside.HOME, "/tmp"):
        yield from ("--tmpfs", f"{path}:rw,mode=1777,size={limits['disk']}")
    for variable, value in view.environment().items():
        yield from ("--env", f"{variable}={value}")


def _most():
    """Return how many processes this user may have: podman would ask for more, and be refused."""
    import resource

    most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    return 4096 if most == resource.RLIM_INFINITY else min(most, 4096)


def _real_system():
    """Yield the system's folders, through links: a container's root is an empty folder."""
    for path in ("/usr", *view.SYSTEM):
        if os.path.isdir(path):
            yield path
    for name in view.ETC:
        if os.path.exists(f"/etc/{name}"):
            yield f"/etc/{name}"


def podman(program, folder, limits, name):
    """Return podman's command, whose root is an empty folder; see `walls.build`."""
    return [program, *_container(folder, limits, name), "--rootfs", str(folder / "root")]


def docker(program, folder, limits, name):
    """Return docker's command; see `walls.build`.

    It needs an empty image: ``tar -c --files-from=/dev/null | docker import - course-empty``.
    """
    user = ("--user", f"{os.getuid()}:{os.getgid()}")
    return [program, *_container(folder, limits, name), *user, "course-empty"]
