"""pytest's fixtures: what is left behind is the error of the test that left it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

import quitclaim.testing  # noqa: F401 - pytester forgets what its runs import, and uvloop bears only one asyncio

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[[str], pytest.RunResult]:
    """Runs a test file in pytest, which has loaded the plugin by itself."""

    def run(source: str) -> pytest.RunResult:
        pytester.makepyfile(textwrap.dedent(source))
        return pytester.runpytest_inprocess("-W", "error")

    return run


def test_a_table_that_is_empty_again_passes(run: Callable[[str], pytest.RunResult]) -> None:
    outcome = run("""
        def test_it(handle_table):
            with handle_table.owner("192.0.2.7:4711") as owner:
                owner.acquire(object())
                assert len(handle_table) == 1
    """)
    outcome.assert_outcomes(passed=1)


def test_what_a_test_leaves_in_a_table_is_its_error(run: Callable[[str], pytest.RunResult]) -> None:
    outcome = run("""
        owners = []

        def test_it(handle_table):
            owners.extend([handle_table.owner("192.0.2.7:4711"), handle_table.owner()])
            for owner in owners:
                owner.acquire("a secret")
    """)
    outcome.assert_outcomes(passed=1, errors=1)
    outcome.stdout.fnmatch_lines(
        ["2 handles were not given back:", "  of 192.0.2.7:4711, idle", "  of an owner without a label, idle"]
    )
    outcome.stdout.no_fnmatch_line("*a secret*'")


def test_an_owner_that_is_dropped_has_left_nothing(run: Callable[[str], pytest.RunResult]) -> None:
    outcome = run("""
        def test_it(handle_table):
            handle_table.owner("192.0.2.7:4711").acquire(object())
    """)
    outcome.assert_outcomes(passed=1)


def test_an_owner_in_a_cycle_has_left_its_handles_until_that_is_collected(
    run: Callable[[str], pytest.RunResult],
) -> None:
    outcome = run("""
        import gc

        import pytest

        @pytest.fixture(autouse=True)
        def rare_collection():
            gc.disable()
            yield
            gc.enable()

        @pytest.mark.parametrize("collects", [True, False])
        def test_it(handle_table, collects):
            cycle = [handle_table.owner("192.0.2.7:4711")]
            cycle.append(cycle)
            cycle[0].acquire(object())
            del cycle
            if collects:
                gc.collect()
    """)
    outcome.assert_outcomes(passed=2, errors=1)
    outcome.stdout.fnmatch_lines(["1 handle was not given back:", "  of 192.0.2.7:4711, idle"])


def test_a_test_that_fails_says_only_why(run: Callable[[str], pytest.RunResult]) -> None:
    outcome = run("""
        def test_it(handle_table):
            owner = handle_table.owner()
            owner.acquire(object())
            assert "its own reason" == ""
    """)
    outcome.assert_outcomes(failed=1)


def test_what_is_left_in_a_servers_table_is_an_error(run: Callable[[str], pytest.RunResult]) -> None:
    outcome = run("""
        owners = []

        def test_it(pop3_server):
            owners.append(pop3_server.table.owner("192.0.2.7:4711"))
            owners[0].acquire(object())
    """)
    outcome.assert_outcomes(passed=1, errors=1)
    outcome.stdout.fnmatch_lines(["1 handle was not given back:", "  of 192.0.2.7:4711, idle"])


@pytest.mark.parametrize("ending", ["", "assert False"], ids=["passes", "fails"])
def test_whoever_is_still_connected_is_waited_for_by_nobody(
    run: Callable[[str], pytest.RunResult], ending: str
) -> None:
    outcome = run(f"""
        import socket
        import pytest

        @pytest.fixture
        def client():
            made = []
            yield made
            for one in made:
                assert one.recv(100) == b""
                one.close()

        def test_it(client, pop3_server):
            client.append(socket.create_connection(pop3_server.address, timeout=10))
            assert client[0].recv(100).startswith(b"+OK")
            client[0].sendall(b"USER anna\\r\\nPASS open sesame\\r\\n")
            while b"messages" not in (said := client[0].recv(100)):
                assert said
            {ending}
    """)
    outcome.assert_outcomes(passed=not ending, failed=bool(ending))


def test_who_has_fixtures_of_these_names_keeps_them(run: Callable[[str], pytest.RunResult]) -> None:
    outcome = run("""
        import pytest

        @pytest.fixture
        def handle_table():
            return "mine"

        @pytest.fixture
        def pop3_server(pop3_server):
            return pop3_server.address[0], len(pop3_server.table)

        def test_it(handle_table, pop3_server):
            assert (handle_table, pop3_server) == ("mine", ("127.0.0.1", 0))
    """)
    outcome.assert_outcomes(passed=1)


def test_nothing_of_a_server_is_imported_until_a_test_asks_for_one(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_it(handle_table):
            assert "quitclaim.pytest_plugin" in sys.modules
            assert sys.modules.keys().isdisjoint({"uvloop", "quitclaim.server", "quitclaim.testing"})
    """)
    pytester.runpytest_subprocess("-p", "no:benchmark").assert_outcomes(passed=1)


def test_it_can_be_left_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(handle_table): pass")
    pytester.runpytest_subprocess("-p", "no:quitclaim").assert_outcomes(errors=1)
