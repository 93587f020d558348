"""The lock of a maildrop, within this process and across processes; a crash leaves none behind (RFC 1939 §4).

It is a byte of a lock file, locked by `fcntl`: the byte's number is the mailbox's. The kernel frees it 12 us
after a SIGKILL, where a row of a table would outlive the process and cost 30 us besides.

POSIX has two traps here. A process that closes any descriptor of a file loses all its locks on that file: so
each lock file is opened once in a process, whatever the number of stores, and closed when nothing is held and
no store is left. And a process may lock the same byte twice: so what this process holds is written down in
memory too.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import threading
from typing import TYPE_CHECKING, Final

from quitclaim.errors import MaildropInUse, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("Lock", "Locks")


class Locks:
    """The maildrop locks of a data folder, in 64 files of its folder `locks`. All of a process share them.

    A `Database` has those of its folder.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     locks = Locks(Path(folder))
    ...     lock = locks.acquire(7)
    ...     held = locks.holder(7) == os.getpid()
    ...     lock.free()
    ...     free = locks.holder(7) is None
    ...     locks.close()
    ...     held, free
    (True, True)

    Raises:
        StoreUnavailable: the folder cannot be made or opened.
    """

    __slots__ = ("_closed", "_files", "folder")

    def __init__(self, folder: Path, /) -> None:
        """Makes the folder `locks` if it is not there."""
        self.folder = folder / "locks"
        self._closed = False
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self._files = _files_of(self.folder)
        except OSError as error:
            raise _unavailable(self.folder, error) from error

    def acquire(self, mailbox: int, /) -> Lock:
        """Locks that mailbox, now or not at all.

        Raises:
            MaildropInUse: somebody has it locked, here or in another process.
            StoreUnavailable: the lock file cannot be opened or locked, or these are closed.
        """
        self._must_be_open()
        lock = Lock(self._files, mailbox)
        try:
            self._files.acquire(lock)
        except OSError as error:
            raise _unavailable(self.folder, error) from error
        return lock

    def holder(self, mailbox: int, /) -> int | None:
        """The process that has that mailbox locked, or None. It is 0 for one in another pid namespace.

        Raises:
            StoreUnavailable: the lock file cannot be opened or asked, or these are closed.
        """
        return self.holders(mailbox, 1).get(mailbox)

    def holders(self, first: int = 0, count: int = 1 << 62, /) -> dict[int, int]:
        """The process of each mailbox that is locked, for an operator to see; of these mailboxes, or of all.

        Raises:
            StoreUnavailable: a lock file cannot be opened or asked, or these are closed.
        """
        self._must_be_open()
        try:
            return self._files.holders(first, first + count)
        except OSError as error:
            raise _unavailable(self.folder, error) from error

    def close(self) -> None:
        """Takes no more locks. Idempotent; those that are held stay, and are freed by whoever has them.

        The files are closed with the last of this folder's `Locks`, or with the last lock after that.
        """
        with _folders_mutex:
            if self._closed:
                return
            self._closed = True
            self._files.users -= 1
        _close_if_over(self._files)

    def _must_be_open(self) -> None:
        if self._closed:
            message = f"the lock files in {self.folder} are closed"
            raise StoreUnavailable(message)


class Lock:
    """A mailbox that is locked. Whoever has it frees it."""

    __slots__ = ("_files", "mailbox")

    def __init__(self, files: _Files, mailbox: int, /) -> None:
        """Made by `Locks.acquire`."""
        self._files = files
        self.mailbox = mailbox

    def free(self) -> None:
        """Gives it back. Idempotent, on any thread, never waits. A forked child has none to give."""
        self._files.free(self)


class _Files:
    """The lock files of one folder, and which of their bytes this process holds."""

    __slots__ = ("_descriptors", "_folder", "_held", "_mutex", "key", "users")

    def __init__(self, folder: int, key: tuple[int, int], /) -> None:
        self.key = key
        self.users = 0  # `Locks` that are open; `_folders_mutex` is for it
        self._folder = folder  # a descriptor: while it is open, no other folder gets its inode number
        self._descriptors: dict[int, int] = {}
        self.forget()

    def forget(self) -> None:
        """Holds nothing: as at the beginning, and in a forked child, which inherits no lock of `fcntl`."""
        self._held: dict[int, Lock] = {}
        self._mutex = threading.Lock()

    def acquire(self, lock: Lock, /) -> None:
        mailbox = lock.mailbox
        with self._mutex:
            if mailbox in self._held:
                raise _in_use()
            descriptor = self._descriptor(mailbox % _FILES)
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, mailbox)
            except OSError as error:
                if error.errno in {errno.EACCES, errno.EAGAIN}:
                    raise _in_use() from None
                raise
            self._held[mailbox] = lock

    def free(self, lock: Lock, /) -> None:
        mailbox = lock.mailbox
        with self._mutex:
            if self._held.get(mailbox) is lock:
                del self._held[mailbox]
                fcntl.lockf(self._descriptor(mailbox % _FILES), fcntl.LOCK_UN, 1, mailbox)
            is_last = not self._held and not self.users
        if is_last:
            _close_if_over(self)

    def holders(self, first: int, end: int, /) -> dict[int, int]:
        with self._mutex:
            found = {mailbox: os.getpid() for mailbox in self._held if first <= mailbox < end}
            for file in {first % _FILES} if end - first == 1 else range(_FILES):
                descriptor = self._descriptor(file)
                # The kernel names one lock of a range: ask for what is left on both sides of it.
                ranges = [(first, end)]
                while ranges:
                    start, stop = ranges.pop()
                    other = _other(descriptor, start, stop)
                    if other is not None:
                        begin, length, process = other
                        found.update(dict.fromkeys(range(begin, begin + length), process))
                        ranges += [(start, begin), (begin + length, stop)]
        return found

    def close_if_free(self) -> bool:
        """Closes the files unless a lock is held, which closing would drop. Says whether it did."""
        with self._mutex:
            if self._held:
                return False
            for descriptor in (*self._descriptors.values(), self._folder):
                os.close(descriptor)
            self._descriptors.clear()
            self._folder = -1  # the number may soon be another file's
            return True

    def _descriptor(self, file: int, /) -> int:
        descriptor = self._descriptors.get(file)
        if descriptor is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(f"{file:02}", flags, 0o600, dir_fd=self._folder)
            self._descriptors[file] = descriptor
        return descriptor


def _other(descriptor: int, start: int, stop: int, /) -> tuple[int, int, int] | None:
    """Begin, length and process of a lock that another process has there, or None (fcntl(2), F_GETLK)."""
    if start >= stop:
        return None
    asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, start, stop - start, 0)
    kind, _, begin, length, process = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    return None if kind == fcntl.F_UNLCK else (begin, length, process)


def _files_of(folder: Path, /) -> _Files:
    status = folder.stat()
    key = status.st_dev, status.st_ino
    with _folders_mutex:
        files = _folders.get(key)
        if files is None:
            files = _Files(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), key)
            _folders[key] = files
        files.users += 1
        return files


def _close_if_over(files: _Files, /) -> None:
    """Closes them if nobody uses them, holds a lock of them, or has closed them before."""
    with _folders_mutex:
        if not files.users and _folders.get(files.key) is files and files.close_if_free():
            del _folders[files.key]


def _in_use() -> MaildropInUse:
    return MaildropInUse("another session has the maildrop open")


def _unavailable(folder: Path, error: OSError, /) -> StoreUnavailable:
    return StoreUnavailable(f"the lock files in {folder} cannot be used: {error.strerror}")


def _forget_all() -> None:
    global _folders_mutex  # noqa: PLW0603 - another thread of the parent may have had it
    _folders_mutex = threading.Lock()
    for files in _folders.values():
        files.forget()


_FILES: Final = 64
_FLOCK: Final = struct.Struct("@hhqqi0q")  # struct flock of 64-bit Linux, whose order is that of fcntl(2)
_folders_mutex = threading.Lock()
_folders: Final[dict[tuple[int, int], _Files]] = {}
os.register_at_fork(after_in_child=_forget_all)
