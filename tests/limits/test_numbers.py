"""The numbers, and who is connected."""

from __future__ import annotations

from dataclasses import fields

import pytest

from quitclaim.limits import Limits

NAMES = [field.name for field in fields(Limits)]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "login_delay"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_is_above_zero(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must be above zero$"):
        Limits(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_a_login_delay_is_not_below_zero(value: float) -> None:
    with pytest.raises(ValueError, match=r"^login_delay must not be below zero$"):
        Limits(login_delay=value)


@pytest.mark.parametrize("name", NAMES)
def test_each_limit_is_explained(name: str) -> None:
    assert f"\n        {name}: " in (Limits.__doc__ or "")
