"""Limits that a process puts on itself before it touches a stranger's file, or becomes a slicer.

Run as a script it confines itself and becomes another program:
`python -I confined.py MEMORY_BYTES CPU_S FILE_BYTES CORE PROGRAM ARG…`. Standard library alone: it starts at once.
The other program gets that one core: PrusaSlicer's output depends on how its threads race, and on one core it doesn't.
"""

import ctypes
import os
import resource
import signal
import struct
import sys

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def confine(memory_bytes: int, cpu_s: int, file_bytes: int, data_bytes: int | None = None) -> bool:
    """Limit address space, CPU time and size of written files; leave the network where the kernel lets us.

    `data_bytes`: of what is written to in memory, near what is really used; address space also counts libraries.

    Returns True if the network is gone: root always can, others where user namespaces are allowed. Elsewhere
    the limits hold, and the network stays; nothing that runs under them opens a connection by itself.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    if data_bytes is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, data_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


# Linux, include/uapi/linux/landlock.h: numbers of calls and bits of rights.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
_WRITING = 1 << 1 | 1 << 5 | 1 << 8 | 1 << 13 | 1 << 14
_READING = 1 << 2 | 1 << 3
_RIGHTS_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_TCP = 1 | 1 << 1
_SCOPES = 1 | 1 << 1


def fence(writable: list[str]) -> bool:
    """Write, make and remove files only in these folders, start no program, open no TCP connection; for good.

    Threads that run already are not held. Returns False where the kernel has no Landlock (before Linux 5.13).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    rights = _RIGHTS_BY_VERSION[min(version, 3)] & ~_READING
    rules = struct.pack("=QQQ", rights, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    fd = libc.syscall(_LANDLOCK_CREATE, rules, ctypes.c_size_t(size), 0)
    if fd < 0 or libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    for folder in writable:
        inside = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        allowed = rights & _WRITING
        libc.syscall(_LANDLOCK_ADD, fd, _LANDLOCK_PATH_BENEATH, struct.pack("=Qi", allowed, inside), 0)
        os.close(inside)
    restricted = libc.syscall(_LANDLOCK_RESTRICT, fd, 0) == 0
    os.close(fd)
    return bool(restricted)


def main(arguments: list[str]) -> None:
    memory, cpu, files, core = (int(value) for value in arguments[:4])
    confine(memory, cpu, files)
    os.sched_setaffinity(0, {core})
    # Python ignores this one, and a program that inherits that writes half of its file and goes on.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(arguments[4], arguments[4:])  # the caller passes an argument list; no shell


if __name__ == "__main__":
    main(sys.argv[1:])
