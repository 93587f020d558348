"""One peer's session: octets in, octets out, and what to do next. No sockets, no event loop."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from quitclaim import pop3
from quitclaim.observer import Left
from quitclaim.session import language, login, mail, texts
from quitclaim.session.dialogue import PORTION, Dialogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.ntlm import ChannelBinding
    from quitclaim.observer import Cause
    from quitclaim.session.dialogue import Late

__all__ = ("Session",)

_log = logging.getLogger(__name__)


class Session(Dialogue):
    r"""A session, driven by whoever has the socket.

    Give it what the peer sends by `receive`, and send what that returns. Then look at `next`:

    * `READ`: go on.
    * `WAIT` with something in `waiting`: await that, and hand the outcome to `resume`. With None there: the
      peer has much to take; call `resume` when what was said is on its way. Meanwhile `receive` only keeps
      what comes; stop reading when `buffered` is large.
    * `STARTTLS`: send what was said, then shake hands (RFC 2595 §4), and call `secured` when TLS is up. What
      the peer has sent before is dropped then, whatever it was.
    * `CLOSE`: close the connection when all is sent.

    Args:
        service: what it serves.
        owner: of its handles.
        peer: its address and port, for the log.
        address: its `network`, under which its guesses are counted; None if they are not.
        trusted: whether a password in plaintext is taken from it: over plaintext; under TLS it is.
        stls: whether it may ask for TLS.

    However it ends, call `close`, and hand over answers that come later all the same: whoever opened closes.
    Nothing that a peer sends raises.

    >>> from quitclaim import HandleTable
    >>> from quitclaim.accounts import MemoryAccounts
    >>> from quitclaim.limits import Limits
    >>> from quitclaim.maildrop import MemoryStore
    >>> from quitclaim.sasl import Plain
    >>> from quitclaim.session import Service
    >>> store = MemoryStore()
    >>> accounts = MemoryAccounts({"anna": "open sesame"})
    >>> service = Service(accounts=accounts, store=store, mechanisms=[Plain()], limits=Limits())
    >>> session = Session(service, HandleTable().owner("192.0.2.7:4711"), trusted=True)
    >>> session.receive(b"USER anna\r\nPASS open sesame\r\nSTAT\r\nQUIT\r\n")
    b'+OK and the password\r\n+OK 0 messages (0 octets)\r\n+OK 0 0\r\n+OK goodbye\r\n'
    >>> session.next
    'CLOSE'
    >>> session.close("quit")
    """

    __slots__ = ()

    @property
    def buffered(self) -> int:
        """Octets that the peer has sent and nobody has looked at yet."""
        return self.connection.buffered

    @property
    def is_delayed(self) -> bool:
        """Whether nothing is left of an attempt but its refusal, which waits."""
        return self.is_late and self.handle is None

    @property
    def is_logged_in(self) -> bool:
        """Whether a maildrop is open: other time-outs hold then."""
        return self.mail is not None

    def receive(self, data: bytes, /) -> bytes:
        """Takes what the peer sent and gives what to send it."""
        self.connection.receive(data)
        self.octets_left -= len(data)
        if self.next != "READ":
            return b""
        said = self._run()
        if self.octets_left < 0 and self.mail is None and self.next == "READ":
            self.leave("commands")
        return said

    def receive_end(self) -> bytes:
        """Notes that the peer sends nothing more: what it has said is still answered, then it is over."""
        self.connection.receive_end()
        return self._run() if self.next == "READ" else b""

    def resume(self, answer: object = None, error: BaseException | None = None, /) -> bytes:
        """Takes the answer that was awaited, or its error, and gives what to send.

        If the session is closed by now, what the answer holds is given back.
        """
        then, late = self.then, self.late
        self.then = self.late = self.waiting = None
        if self.closed:
            if late is not None:
                self._give_back(late, answer, error)
            return b""
        assert then is not None, "resume() follows WAIT"  # noqa: S101 - the driver's mistake
        self.next = "READ"
        try:
            said = then(self, answer, error)
        except Exception:  # noqa: BLE001 - the edge of a connection: it logs
            return self._break()
        return said + self._run() if self.next == "READ" else said

    def secured(self, binding: ChannelBinding | None, /) -> None:
        """Notes that TLS is up, with that channel binding: nobody else has the word any more.

        All that was said before is forgotten, because anyone may have said it (RFC 2595 §4), but not what
        was held against the peer.
        """
        self.connection.discard_input()
        self.said_user = None
        self.binding = binding
        self.offer = self.service.secured
        self.next = "READ"

    def close(self, cause: Cause, /) -> None:
        """Frees all that the session holds, for that cause if none is known yet. Idempotent.

        A commit that is under way goes on, and its maildrop stays locked until it is done.
        """
        if self.closed:
            return
        self.closed = True
        self.next = "CLOSE"
        self.owner.close()
        self.connection.close()
        reply, self.reply = self.reply, None
        if reply is not None:
            reply.close()
        try:
            if self.mail is not None and self.late is None:
                self.mail.close()
            self._tell_the_end(self.cause or cause)
        except Exception:  # noqa: BLE001 - the edge of a connection: it logs
            # An embedder's part. Nobody can be told, and the caller has others to look after.
            _log.exception("the session of %s is closed, and not well", self.peer)
            self.service.counters.errors += 1

    def _tell_the_end(self, cause: Cause) -> None:
        observer, mail = self.service.observer, self.mail
        if observer is None:
            return
        if mail is None:
            login.given_up(self, cause)
            observer(Left(self.peer, self.username, cause, 0, 0, 0))
            return
        deleted = len(mail.deleted) if cause == "quit" else 0
        observer(Left(self.peer, self.username, cause, mail.retrieved, mail.sent, deleted))

    def _run(self) -> bytes:
        """Answers what is unread, one line after the other, until something waits."""
        connection = self.connection
        said: list[bytes] = []
        size = 0
        try:
            while (event := connection.next_event()) is not pop3.NEED_DATA:
                kind = type(event)
                if self.said_user is not None and kind is not pop3.Pass:
                    self.said_user = None  # RFC 1939 §7: PASS comes right after USER
                bad = self.bad_commands
                self.commands_left -= 1
                reply = _HANDLERS[kind](self, event)
                if self.commands_left <= 0 and self.mail is None and self.next == "READ":
                    self.leave("commands")
                if bad and bad == self.bad_commands:
                    self.bad_commands = 0  # so many in a row are what ends it
                if not said and not (connection.unread or connection.at_end):
                    return reply  # one line at a time: how all talk who do not pipeline
                said.append(reply)
                size += len(reply)
                if self.next != "READ":
                    break
                if size >= PORTION or len(said) >= _COMMANDS:
                    self.pause(_say_more)
                    break
        except Exception:  # noqa: BLE001 - the edge of a connection: it logs
            said.append(self._break())
        return b"".join(said)

    def _give_back(self, late: Late, answer: object, error: BaseException | None) -> None:
        try:
            late(answer, error)
        except Exception:  # noqa: BLE001 - the edge of a connection: it logs
            _log.exception("what came late for %s is not well closed", self.peer)
            self.service.counters.errors += 1

    def _break(self) -> bytes:
        """Ends a session in which something of our own, or of an embedder's part, went wrong."""
        _log.exception("the session of %s is closed", self.peer)
        self.service.counters.errors += 1
        self.leave("error")
        return b""


_COMMANDS = 100  # answered in one turn: of those that walk a list of 2,000, 20 ms


def _say_more(_dialogue: Dialogue, _answer: object, _error: BaseException | None) -> bytes:
    """There is nothing to finish: what is buffered is answered next."""
    return b""


def _bad_command(dialogue: Dialogue, event: pop3.BadCommand) -> bytes:
    return dialogue.refuse_command(pop3.replies.error(event.text))


def _too_long(dialogue: Dialogue, event: pop3.TooLong) -> bytes:
    return login.too_long(dialogue) if event.in_exchange else dialogue.refuse_command(texts.TOO_LONG)


def _endless_line(dialogue: Dialogue, _event: pop3.EndlessLine) -> bytes:
    dialogue.leave("endless line")
    return texts.ENDLESS_LINE


def _connection_closed(dialogue: Dialogue, _event: pop3.ConnectionClosed) -> bytes:
    dialogue.leave(dialogue.cause or "lost")
    return b""


def _capa(dialogue: Dialogue, _command: pop3.Capa) -> bytes:
    offer = dialogue.offer
    return offer.capabilities if dialogue.mail is None else offer.capabilities_inside


def _stls(dialogue: Dialogue, _command: pop3.Stls) -> bytes:
    if not dialogue.offer.stls or dialogue.utf8:  # RFC 6856 §2.1: never after UTF8
        return dialogue.refuse_command(texts.UNSUPPORTED)
    if dialogue.connection.at_end:
        dialogue.leave("lost")  # nobody is there to shake hands with
        return b""
    dialogue.next = "STARTTLS"
    return texts.BEGIN_TLS


_HANDLERS: Final[dict[type[pop3.Event], Callable[[Dialogue, Any], bytes]]] = {
    pop3.Auth: login.auth,
    pop3.BadCommand: _bad_command,
    pop3.BadResponse: login.bad_response,
    pop3.Cancelled: login.cancelled,
    pop3.Capa: _capa,
    pop3.ConnectionClosed: _connection_closed,
    pop3.Dele: mail.delete,
    pop3.EndlessLine: _endless_line,
    pop3.Lang: language.lang,
    pop3.List: mail.list_sizes,
    pop3.Noop: mail.noop,
    pop3.Pass: login.password,
    pop3.Quit: mail.quit_,
    pop3.Response: login.response,
    pop3.Retr: mail.retr,
    pop3.Rset: mail.reset,
    pop3.Stat: mail.stat,
    pop3.Stls: _stls,
    pop3.TooLong: _too_long,
    pop3.Top: mail.top,
    pop3.Uidl: mail.list_uidls,
    pop3.User: login.user,
    pop3.Utf8: language.utf8,
}
