"""All exceptions of quitclaim.

* QuitclaimError
  x HandleError                of a table's handles
    + StaleHandle              (also a LookupError)
    + HandleInStep
    + HandleLeased
  x TableFull
  x OverQuota
  x OwnerBusy
  x OwnerClosed
  x AuthenticationError        of a login that is refused
    + InvalidToken
    + Unsupported
    + LogonDenied
  x OutOfSequence
  x Unavailable                of a back end that cannot answer now
    + AccountsUnavailable
    + StoreUnavailable
      - NewerSchema
  x MaildropInUse
  x InvalidUsername            of administration (also a ValueError)
  x UnknownUser                (also a LookupError)
  x UserExists

Arguments of the wrong type or range raise TypeError and ValueError, as everywhere. No message and no repr
here tells a value, a label, a handle or a secret. None of it goes to a peer: that gets a fixed text.
"""

from __future__ import annotations

__all__ = (
    "AccountsUnavailable",
    "AuthenticationError",
    "HandleError",
    "HandleInStep",
    "HandleLeased",
    "InvalidToken",
    "InvalidUsername",
    "LogonDenied",
    "MaildropInUse",
    "NewerSchema",
    "OutOfSequence",
    "OverQuota",
    "OwnerBusy",
    "OwnerClosed",
    "QuitclaimError",
    "StaleHandle",
    "StoreUnavailable",
    "TableFull",
    "Unavailable",
    "UnknownUser",
    "Unsupported",
    "UserExists",
)


class QuitclaimError(Exception):
    """The root: whatever this package refuses, it refuses with one of these."""


class HandleError(QuitclaimError):
    """A handle that cannot be used, or not now. A refused call has changed nothing."""


class StaleHandle(HandleError, LookupError):
    """The handle names nothing of the caller's: freed, reaped, another owner's or another table's.

    It never names anything again. Acquire a new one; drop an answer that comes too late for it.
    """


class HandleInStep(HandleError):
    """The handle's value is in a step, which has it alone.

    Inside the step, use the value that the step was given; elsewhere, wait for the step's end.
    """


class HandleLeased(HandleError):
    """The handle's value is being read by another thread at this very moment.

    The value is where it was: step again. On an interpreter with a GIL this does not happen.
    """


class TableFull(QuitclaimError):
    """No slot of the table is free for the calling thread. The value stays the caller's.

    Nothing is wrong with the owner: shed load, free something, or make the table larger.
    """


class OverQuota(QuitclaimError):
    """The owner holds as many handles as the table's quota allows one owner. The value stays the caller's.

    Free a handle of this owner's before the next acquire.
    """


class OwnerBusy(QuitclaimError):
    """The owner is in a step on another thread, so this thread may not use it.

    Give each thread, or each connection, an owner of its own.
    """


class OwnerClosed(QuitclaimError):
    """The owner was closed and acquires nothing more. Ask the table for a new one."""


class AuthenticationError(QuitclaimError):
    """A login that is refused. Its text is for the log: the peer gets the same words for all of them.

    `status` is the SSPI status that Windows would give; `username` is who the peer said it was, if it came to
    that, as it said it: for a log that escapes it. `kind` is what a log says first, of all errors of a class.
    `last_challenge`, if there is one, tells the client why, in the mechanism's own way, before it is refused
    (RFC 7628 §3.2.3): the attempt is over then, whatever the client answers.
    """

    status: int = 0x8009_030C
    username: str = ""
    last_challenge: bytes = b""
    kind: str = "logon denied"

    @property
    def cause(self) -> str:
        """What a log says of it: its kind, and its own words if it has any.

        >>> InvalidToken("no base64").cause, LogonDenied().cause
        ('invalid token: no base64', 'logon denied')
        """
        words = str(self)
        if words.startswith(self.kind):
            return words
        return f"{self.kind}: {words}" if words else self.kind


class InvalidToken(AuthenticationError):
    """A token that is malformed, or not the one whose turn it is (SEC_E_INVALID_TOKEN)."""

    status = 0x8009_0308
    kind = "invalid token"


class Unsupported(AuthenticationError):
    """What the policy never accepts, or not here (SEC_E_UNSUPPORTED_FUNCTION)."""

    status = 0x8009_0302
    kind = "refused by policy"


class LogonDenied(AuthenticationError):
    """Wrong credentials, or nobody of that name (SEC_E_LOGON_DENIED)."""

    status = 0x8009_030C


class OutOfSequence(QuitclaimError):
    """A step of an NTLM exchange that was done already: each is good once. Begin with a new challenge."""


class Unavailable(QuitclaimError):
    """A back end that cannot answer now. The peer is told to come again: `[SYS/TEMP]` (RFC 3206 §4).

    If `is_permanent`, coming again is of no use before somebody has mended something: `[SYS/PERM]`.

    >>> StoreUnavailable("the disk is full").is_permanent, NewerSchema().is_permanent
    (False, True)
    """

    is_permanent: bool = False

    def __init__(self, *arguments: object, is_permanent: bool | None = None) -> None:
        super().__init__(*arguments)
        if is_permanent is not None:
            self.is_permanent = is_permanent


class AccountsUnavailable(Unavailable):
    """The accounts cannot be asked now: down, or too busy."""


class StoreUnavailable(Unavailable):
    """The store cannot be used now: down, busy, full, or not writable. Nothing was changed."""


class NewerSchema(StoreUnavailable):
    """The data was written by a newer version of quitclaim. Install that version; nothing was changed."""

    is_permanent = True


class MaildropInUse(QuitclaimError):
    """Another session has the maildrop locked (RFC 1939 §4, `[IN-USE]` of RFC 2449 §8.1.1)."""


class InvalidUsername(QuitclaimError, ValueError):
    """A name that no account may have: empty, too long, or with blanks or control characters."""


class UnknownUser(QuitclaimError, LookupError):
    """No account of that name. It is for administration: no login is ever told."""


class UserExists(QuitclaimError):
    """An account of that name is there already; names are compared without case."""
