"""`python -m quitclaim` is `quitclaim`."""

from __future__ import annotations

import sys

from quitclaim.cli.main import main

__all__ = ()

if __name__ == "__main__":
    sys.exit(main())
