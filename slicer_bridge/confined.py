"""Limits that a process puts on itself before it touches a stranger's file, or becomes a slicer.

Run as a script it confines itself and becomes another program:
`python -I confined.py MEMORY_BYTES CPU_S FILE_BYTES CORE PROGRAM ARG…`. Standard library alone: it starts at once.
The other program gets that one core: PrusaSlicer's output depends on how its threads race, and on one core it doesn't.
"""

import ctypes
import os
import resource
import signal
import sys

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def confine(memory_bytes: int, cpu_s: int, file_bytes: int) -> bool:
    """Limit address space, CPU time and size of written files; leave the network where the kernel lets us.

    Returns True if the network is gone: root always can, others where user namespaces are allowed. Elsewhere
    the limits hold, and the network stays; nothing that runs under them opens a connection by itself.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def main(arguments: list[str]) -> None:
    memory, cpu, files, core = (int(value) for value in arguments[:4])
    confine(memory, cpu, files)
    os.sched_setaffinity(0, {core})
    # Python ignores this one, and a program that inherits that writes half of its file and goes on.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(arguments[4], arguments[4:])  # the caller passes an argument list; no shell


if __name__ == "__main__":
    main(sys.argv[1:])
