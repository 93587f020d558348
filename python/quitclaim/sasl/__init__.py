"""SASL mechanisms (RFC 4422): pure exchanges, which know neither POP3 nor any socket."""

from __future__ import annotations

from quitclaim.sasl.login import Login
from quitclaim.sasl.mechanism import Exchange, Mechanism, Question
from quitclaim.sasl.ntlm import Ntlm
from quitclaim.sasl.oauth import OAuthBearer, XOAuth2
from quitclaim.sasl.plain import Plain
from quitclaim.sasl.scram import Scram

__all__ = (
    "Exchange",
    "Login",
    "Mechanism",
    "Ntlm",
    "OAuthBearer",
    "Plain",
    "Question",
    "Scram",
    "XOAuth2",
)
