"""The lock of a maildrop, in this process, across processes, and after a crash."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quitclaim.errors import MaildropInUse, StoreUnavailable
from quitclaim.maildrop.lock import Locks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")


@pytest.fixture
def locks(tmp_path: Path) -> Iterator[Locks]:
    """The locks of a folder."""
    opened = Locks(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def other_process(locks: Locks) -> Iterator[Callable[..., int]]:
    """Starts processes that hold locks until they are killed; gives their number."""
    started: list[int] = []

    def hold(*mailboxes: int) -> int:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                for mailbox in mailboxes:
                    locks.acquire(mailbox)
                os.write(writer, b"held")
                signal.pause()
            finally:
                os._exit(1)
        started.append(child)
        os.close(writer)
        assert os.read(reader, 4) == b"held"
        os.close(reader)
        return child

    yield hold
    for child in started:
        kill(child)


def kill(child: int) -> None:
    """Ends a child at once; nothing if that was done."""
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ChildProcessError, ProcessLookupError):
        pass


def test_a_lock_is_taken_once(locks: Locks) -> None:
    locks.acquire(1)
    with pytest.raises(MaildropInUse):
        locks.acquire(1)


def test_a_lock_that_was_freed_is_taken_again(locks: Locks) -> None:
    locks.acquire(1).free()
    assert locks.acquire(1).mailbox == 1


def test_freeing_twice_frees_nobody_elses(locks: Locks) -> None:
    first = locks.acquire(1)
    first.free()
    locks.acquire(1)
    first.free()
    with pytest.raises(MaildropInUse):
        locks.acquire(1)


def test_mailboxes_of_one_file_are_locked_apart(locks: Locks) -> None:
    assert [locks.acquire(mailbox).mailbox for mailbox in (1, 65, 129)] == [1, 65, 129]


def test_two_of_one_folder_share_their_locks(locks: Locks) -> None:
    locks.acquire(1)
    with pytest.raises(MaildropInUse):
        Locks(locks.folder.parent).acquire(1)


def test_a_folder_is_the_same_by_any_path(locks: Locks, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    locks.acquire(1)
    with pytest.raises(MaildropInUse):
        Locks(tmp_path / "link").acquire(1)


def test_two_folders_have_their_own_locks(locks: Locks, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    locks.acquire(1)
    assert Locks(tmp_path / "other").acquire(1).mailbox == 1


def test_a_lock_can_be_freed_on_another_thread(locks: Locks) -> None:
    thread = threading.Thread(target=locks.acquire(1).free)
    thread.start()
    thread.join()
    assert locks.acquire(1).mailbox == 1


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "locks").write_bytes(b"")
    with pytest.raises(StoreUnavailable, match=r"the lock files in .*locks cannot be used"):
        Locks(tmp_path)


# --- closing


def open_files() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_last_that_is_closed_closes_the_files(tmp_path: Path) -> None:
    before = open_files()
    first, second = Locks(tmp_path), Locks(tmp_path)
    first.acquire(1).free()
    held = open_files()
    first.close()
    first.close()
    assert open_files() == held
    second.close()
    assert open_files() == before


def test_a_lock_that_is_held_outlives_them_and_closes_the_files(
    tmp_path: Path, in_child: Callable[..., str]
) -> None:
    before = open_files()
    locks = Locks(tmp_path)
    lock, other = locks.acquire(1), locks.acquire(2)
    locks.close()
    other.free()

    def acquire() -> str:
        with pytest.raises(MaildropInUse):
            Locks(tmp_path).acquire(1)
        return "kept out"

    assert in_child(acquire) == "kept out"
    lock.free()
    lock.free()
    assert open_files() == before


def test_those_that_are_opened_while_a_lock_outlives_others_share_it(tmp_path: Path) -> None:
    before = open_files()
    first = Locks(tmp_path)
    lock = first.acquire(1)
    first.close()
    second = Locks(tmp_path)
    with pytest.raises(MaildropInUse):
        second.acquire(1)
    lock.free()
    second.acquire(1).free()
    second.close()
    assert open_files() == before


@pytest.mark.parametrize("use", [lambda locks: locks.acquire(1), Locks.holders])
def test_those_that_are_closed_are_unavailable(locks: Locks, use: Callable[[Locks], object]) -> None:
    locks.close()
    with pytest.raises(StoreUnavailable, match="are closed"):
        use(locks)


# --- across processes


def test_another_process_is_kept_out(locks: Locks, in_child: Callable[..., str]) -> None:
    locks.acquire(1)

    def acquire() -> str:
        with pytest.raises(MaildropInUse):
            locks.acquire(1)
        return "kept out"

    assert in_child(acquire) == "kept out"


def test_another_process_keeps_us_out(locks: Locks, other_process: Callable[..., int]) -> None:
    other_process(1)
    with pytest.raises(MaildropInUse):
        locks.acquire(1)


@pytest.mark.pop3("maildrop-2", "asked-4")
def test_the_lock_of_a_killed_process_is_free(locks: Locks, other_process: Callable[..., int]) -> None:
    kill(other_process(1))
    assert locks.acquire(1).mailbox == 1


def test_locks_of_another_file_or_folder_that_are_freed_keep_ours(
    locks: Locks, in_child: Callable[..., str]
) -> None:
    locks.acquire(1)
    locks.acquire(65).free()
    Locks(locks.folder.parent).acquire(129).free()

    def acquire() -> str:
        with pytest.raises(MaildropInUse):
            locks.acquire(1)
        return "kept out"

    assert in_child(acquire) == "kept out"


def test_a_forked_child_has_no_locks_and_frees_none_of_its_parents(
    locks: Locks, in_child: Callable[..., str]
) -> None:
    lock = locks.acquire(1)

    def free() -> str:
        lock.free()
        return str(locks.holder(1))

    assert in_child(free) == str(os.getpid())
    assert locks.holder(1) == os.getpid()


# --- who holds what


def test_nobody_holds_what_is_free(locks: Locks) -> None:
    assert (locks.holder(1), locks.holders()) == (None, {})


def test_this_process_is_named(locks: Locks) -> None:
    locks.acquire(1)
    assert (locks.holder(1), locks.holders()) == (os.getpid(), {1: os.getpid()})


def test_another_process_is_named(locks: Locks, other_process: Callable[..., int]) -> None:
    child = other_process(1)
    assert (locks.holder(1), locks.holder(65)) == (child, None)


def test_all_holders_are_named(locks: Locks, other_process: Callable[..., int]) -> None:
    # 1, 65 and 129 are in one file; 129 and 130 are neighbours of nobody; 2**40 is far away.
    first = other_process(1, 129, 2)
    second = other_process(65, 2**40)
    locks.acquire(193)
    assert locks.holders() == {1: first, 2: first, 129: first, 65: second, 2**40: second, 193: os.getpid()}
