"""Becomes the only process of a container without tools: an empty file system but for /etc/hostname.

Run inside the network namespace that it is to hold. argv: the host name (`|` puts a pipe in the file's place that
nobody writes to, a path makes it a link), and files to which it writes its process number
(control groups). Prints what is left of the file system, and ends with its input.
"""
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x4000, 0x40000, 2


def check(result):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


for group in sys.argv[2:]:
    with open(group, "w") as file:
        file.write(str(os.getpid()))
check(libc.unshare(CLONE_NEWNS))
check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
check(libc.mount(b"none", b"/mnt", b"tmpfs", 0, None))
os.makedirs("/mnt/etc")
os.makedirs("/mnt/old")
name = "/mnt/etc/hostname"
if sys.argv[1] == "|":
    os.mkfifo(name)
elif sys.argv[1].startswith("/"):
    os.symlink(sys.argv[1], name)
else:
    with open(name, "w") as file:
        file.write(sys.argv[1] + "\n")
os.chdir("/mnt")
check(libc.pivot_root(b".", b"old"))
os.chdir("/")
check(libc.umount2(b"/old", MNT_DETACH))
os.rmdir("/old")
os.write(1, ("/ holds " + " ".join(os.listdir("/")) + "\n").encode())
os.read(0, 1)
