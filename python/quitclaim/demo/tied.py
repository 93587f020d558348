"""The inside of a server of the demo: a module that runs until its own end, or that of the demo.

python -P -m quitclaim.demo.tied FOLDER MODULE [ARGUMENT ...]

A demo that is killed by SIGKILL can clean up nothing, but its end of this process's standard input is closed.
"""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import sys
import threading

__all__ = ("main",)


def main() -> None:
    """Runs the module; and if standard input ends meanwhile, stops it and removes the data folder.

    Raises:
        SystemExit: the module has ended.
    """
    folder, module, *arguments = sys.argv[1:]
    orphaned = threading.Event()
    threading.Thread(target=_watch, args=(orphaned,), daemon=True).start()
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        if orphaned.is_set():
            shutil.rmtree(folder, ignore_errors=True)  # the other server may be at it too


def _watch(orphaned: threading.Event) -> None:
    # Not sys.stdin: who waits in there keeps its lock, and Python could not end.
    while os.read(0, 1):
        pass
    orphaned.set()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
