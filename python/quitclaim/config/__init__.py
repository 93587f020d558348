"""What `serve` is told, by flags and by a TOML file whose keys are the flags' names.

`OPTIONS` is the table of all that can be said; `Settings` is what is so in the end, and its defaults are what
is so if nothing is said. `contrib/quitclaim.toml` in the package has every key with its default.
"""

from __future__ import annotations

from quitclaim.config.addresses import Address, address, written
from quitclaim.config.consistency import Contradiction, contradictions
from quitclaim.config.options import LIMITS, OPTIONS, Option
from quitclaim.config.reading import Mistake, Reading, read
from quitclaim.config.settings import LogFormat, Said, Settings, default_data, over

__all__ = (  # noqa: RUF022 - sorted as Python sorts
    "Address",
    "Contradiction",
    "LIMITS",
    "LogFormat",
    "Mistake",
    "OPTIONS",
    "Option",
    "Reading",
    "Said",
    "Settings",
    "address",
    "contradictions",
    "default_data",
    "over",
    "read",
    "written",
)
