"""What the tests share, but for the fixtures that users of quitclaim have too (`quitclaim.pytest_plugin`)."""

from __future__ import annotations

import os
import signal
import traceback
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ["tests.conformance.plugin"]

# No test is timed: a machine that is busy is no failure. All else is as hypothesis has it, in CI or here.
settings.register_profile(
    "untimed",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """Whoever runs this in the background may have it ignore SIGINT, and its children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def in_child() -> Callable[[Callable[[], str]], str]:
    """Runs a function in a forked child, which leaves by `os._exit`, and gives what it returned."""
    return _in_child


def _in_child(function: Callable[[], str]) -> str:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        leave(writer, function)
    os.close(writer)
    with os.fdopen(reader) as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return answer


def leave(writer: int, function: Callable[[], str]) -> None:
    """Ends this process, which is a forked child, with the function's answer in the pipe."""
    try:
        os.write(writer, function().encode())
    except BaseException:  # noqa: BLE001 - whatever it is, it must not get into the parent's test run
        os.write(writer, traceback.format_exc().encode())
    finally:
        os._exit(0)
