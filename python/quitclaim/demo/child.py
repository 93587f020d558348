"""A server of the demo: a process of its own, which is gone when the demo is."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quitclaim.cli.ending import sentence
from quitclaim.monitor import status

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from quitclaim.monitor.status import Status

__all__ = ("Child", "run")


class Child:
    """A server process on a data folder, at a free port of 127.0.0.1: running while it is entered.

    It has a process group of its own: a Ctrl-C on the terminal is the demo's, which then stops it. Its
    standard input is a pipe on which nothing comes: its end tells it that the demo was killed.

    Raises:
        ChildProcessError: on enter, if it does not start; with what it said.
    """

    def __init__(self, name: str, command: tuple[str, ...], folder: Path, /) -> None:
        """Names it, and says which of our modules it is, with arguments."""
        self.name = name
        self.address = ("127.0.0.1", 0)
        ours = ("--data", str(folder), "--listen", "127.0.0.1:0")
        self._command = [*_PYTHON, "quitclaim.demo.tied", str(folder), *command, *ours]
        self._folder = folder
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process is not None, "it was entered"  # noqa: S101 - our own mistake
        return self._process.pid

    def __enter__(self) -> Self:
        """Starts it, and returns when it listens."""
        with self._log.open("w") as log:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                process_group=0,
            )
        try:
            assert self._process.stdout is not None, "it is a pipe"  # noqa: S101
            self.address = self._address(self._process.stdout.readline())
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Stops it."""
        self.stop()

    def _address(self, said: str) -> tuple[str, int]:
        """The address in `listening on 127.0.0.1:40001 pop3`."""
        words = said.split()
        if not words:
            message = f"{self.name} did not start: {self._log.read_text().strip() or 'it said nothing'}"
            raise ChildProcessError(message)
        host, _, port = words[2].rpartition(":")
        return host, int(port)

    def status(self) -> Status:
        """What it says of itself, by its status socket.

        Raises:
            ChildProcessError: it has ended.
        """
        try:
            return status.read(self._folder / "run" / f"{self.pid}.sock")
        except (OSError, ValueError) as error:
            message = f"{self.name} does not answer: {sentence(error)}"
            raise ChildProcessError(message) from error

    def descriptors(self) -> int:
        """How many file descriptors it has, as anyone can see it from outside, once its peers are gone."""
        patience = time.monotonic() + _PATIENCE
        while self.status()["connected"] and time.monotonic() < patience:
            pass  # it answers when it has looked at all that has happened
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def is_gone(self) -> bool:
        """Whether the process is no more, and so none of what it held."""
        return not Path(f"/proc/{self.pid}").exists()

    def stop(self) -> None:
        """Lets it drain, for a while; then, or if we are to leave at once, it is killed. Idempotent."""
        process = self._process
        if process is None:
            return
        try:
            process.send_signal(signal.SIGTERM)
            process.wait(_PATIENCE)
        finally:
            process.kill()  # nothing, if it is gone
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def run(*arguments: str, data: Path, stdin: bytes) -> None:
    """Runs a command of `quitclaim` on a data folder, and waits.

    Raises:
        ChildProcessError: it failed; with what it said.
    """
    command = [*_PYTHON, "quitclaim", arguments[0], *arguments[1:], "--data", str(data)]
    ended = subprocess.run(command, input=stdin, capture_output=True, check=False)  # noqa: S603 - ourselves
    if ended.returncode:
        message = ended.stderr.decode(errors="replace").strip()
        raise ChildProcessError(message)


_PYTHON: Final = (sys.executable, "-P", "-m")  # -P: a folder named quitclaim in the current one is not us
_PATIENCE: Final = 15.0  # seconds; a server drains for ten
