"""Which system calls a student's kernel may make, as a program for the kernel of Linux."""

import errno
import functools
import os

# Namespaces, mounts, other processes' memory, the machine's own settings, and memory that no
# limit of a process counts (System V segments, memory files).
DENIED = """
    acct add_key adjtimex bpf chroot clock_adjtime clock_settime create_module delete_module
    fanotify_init finit_module fsconfig fsmount fsopen fspick get_kernel_syms init_module
    io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load
    keyctl lookup_dcookie memfd_create memfd_secret modify_ldt mount mount_setattr move_mount
    move_pages mq_open msgget name_to_handle_at nfsservctl open_by_handle_at open_tree
    perf_event_open personality pidfd_getfd pivot_root process_madvise process_vm_readv
    process_vm_writev ptrace query_module quotactl quotactl_fd reboot request_key semget
    setdomainname sethostname setns settimeofday shmget stime swapoff swapon syslog umount umount2
    unshare uselib userfaultfd vhangup vm86 vm86old fork vfork
""".split()
PROGRAMS = ("execve", "execveat")
CLONE_THREAD = 0x10000
FAMILIES = (1, 2, 10, 16)  # Unix, IPv4, IPv6 and netlink, each inside its own network namespace


def library():
    """Import pyseccomp.

    Raises
    ------
    OSError
        If it or the system's libseccomp is missing.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, AttributeError) as error:
        raise OSError(
            "The sandbox needs libseccomp: install the system's package libseccomp2 "
            f"(or libseccomp) and pip's pyseccomp ({error})."
        ) from None
    return pyseccomp


@functools.cache
def program(*, threads=True, programs=False):
    """Compile the list of denied calls.

    Parameters
    ----------
    threads : bool
        Whether new threads are allowed; new processes never are.
    programs : bool
        Whether this process may become another program, which ``bwrap`` needs to run its command.

    Returns
    -------
    bytes
        A program of the Berkeley packet filter, as ``prctl`` and ``bwrap --seccomp`` take it. A
        denied call fails with EPERM; one of another architecture ends the thread.
    """
    seccomp = library()
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    refuse = seccomp.ERRNO(errno.EPERM)
    for name in (*DENIED, *(() if programs else PROGRAMS)):
        _add(seccomp, rules, refuse, name)
    # clone3's flags lie in memory, where no filter sees them; ENOSYS makes glibc use clone.
    _add(seccomp, rules, seccomp.ERRNO(errno.ENOSYS), "clone3")
    flags = [seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0)] if threads else []
    _add(seccomp, rules, refuse, "clone", *flags)
    # Others, such as vsock, are not inside the network namespace.
    for family in set(range(46)) - set(FAMILIES):
        _add(seccomp, rules, refuse, "socket", seccomp.Arg(0, seccomp.EQ, family))
    _add(seccomp, rules, refuse, "socket", seccomp.Arg(0, seccomp.GT, 45))
    return _exported(rules)


def _add(seccomp, rules, action, name, *args):
    """Add a rule; a call that this libseccomp or this architecture does not know needs none."""
    try:
        number = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
        if number >= 0:
            rules.add_rule(action, number, *args)
    except (OSError, ValueError, TypeError):
        if name in ("clone", "clone3", "ptrace", "socket"):
            raise


def _exported(rules):
    reader, writer = os.pipe()  # a program is some kilobytes: it fits into a pipe
    with os.fdopen(reader, "rb") as result:
        with os.fdopen(writer, "wb") as file:
            rules.export_bpf(file)
        return result.read()
