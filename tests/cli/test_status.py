"""The status socket, and who reads it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from typing import TYPE_CHECKING, cast

import pytest

from quitclaim.monitor.status import Status, StatusSocket, read, read_all

if TYPE_CHECKING:
    from pathlib import Path

STATUS = cast("Status", {"pid": os.getpid(), "program": "test"})


async def status() -> Status:
    return STATUS


def own(folder: Path) -> Path:
    return folder / "run" / f"{os.getpid()}.sock"


def test_it_answers_one_object_and_closes(tmp_path: Path) -> None:
    async def ask() -> bytes:
        async with StatusSocket(tmp_path, status):
            reader, writer = await asyncio.open_unix_connection(own(tmp_path))
            said = await reader.read()
            writer.close()
            return said

    assert json.loads(asyncio.run(ask())) == STATUS


def test_it_is_gone_when_it_is_left(tmp_path: Path) -> None:
    async def enter_and_leave() -> list[str]:
        async with StatusSocket(tmp_path, status):
            return [path.name for path in (tmp_path / "run").iterdir()]

    assert asyncio.run(enter_and_leave()) == [f"{os.getpid()}.sock"]
    assert list((tmp_path / "run").iterdir()) == []


def test_a_folder_may_lie_deeper_than_a_sockets_name_is_long(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a" * 50] * 5)
    deep.mkdir(parents=True)

    async def ask() -> list[Status]:
        async with StatusSocket(deep, status):
            return await asyncio.to_thread(read_all, deep)

    assert asyncio.run(ask()) == [STATUS]


def test_a_dead_processs_socket_is_taken_over_by_one_of_the_same_number(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(own(tmp_path)))

    async def ask() -> Status:
        async with StatusSocket(tmp_path, status):
            return await asyncio.to_thread(read, own(tmp_path))

    assert asyncio.run(ask()) == STATUS


def test_a_dead_processs_socket_is_skipped_and_removed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "run" / "1.sock"))
    assert read_all(tmp_path) == []
    assert list((tmp_path / "run").iterdir()) == []


def test_what_is_no_answer_is_skipped_and_stays(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "run" / "1.sock"))
        other.listen()

        async def say_nothing() -> list[Status]:
            asking = asyncio.create_task(asyncio.to_thread(read_all, tmp_path))
            peer, _ = await asyncio.get_running_loop().run_in_executor(None, other.accept)
            peer.close()
            return await asking

        assert asyncio.run(say_nothing()) == []
    assert len(list((tmp_path / "run").iterdir())) == 1


def test_who_comes_beyond_eight_is_cut_off(tmp_path: Path) -> None:
    answer: asyncio.Future[Status]

    async def ask() -> tuple[bytes, bytes]:
        nonlocal answer
        answer = asyncio.get_running_loop().create_future()
        asked = asyncio.Semaphore(0)

        async def later() -> Status:
            asked.release()
            return await answer

        async with StatusSocket(tmp_path, later):
            peers = [await asyncio.open_unix_connection(own(tmp_path)) for _ in range(8)]
            for _ in peers:
                await asked.acquire()
            reader, writer = await asyncio.open_unix_connection(own(tmp_path))
            try:
                beyond = await reader.read()
            except ConnectionResetError:
                beyond = b""
            writer.close()
            answer.set_result(STATUS)
            said = [await peer.read() for peer, _ in peers]
            for _, one in peers:
                one.close()
            return beyond, said[-1]

    beyond, said = asyncio.run(ask())
    assert (beyond, json.loads(said)) == (b"", STATUS)


@pytest.mark.parametrize("missing", ["", "run"])
def test_without_a_socket_there_is_no_server(missing: str, tmp_path: Path) -> None:
    (tmp_path / missing).mkdir(exist_ok=True)
    assert read_all(tmp_path) == []
