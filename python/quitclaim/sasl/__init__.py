"""SASL mechanisms (RFC 4422): pure exchanges, which know neither POP3 nor any socket."""

from __future__ import annotations

from quitclaim.sasl.mechanism import Exchange, Mechanism, Question
from quitclaim.sasl.ntlm import Ntlm
from quitclaim.sasl.plain import Plain

__all__ = ("Exchange", "Mechanism", "Ntlm", "Plain", "Question")
