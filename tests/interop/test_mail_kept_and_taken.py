"""What clients remember from one session to the next: what they have fetched, and what they took away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.interop.clients.fetchmail import Fetchmail
from tests.interop.clients.getmail import Getmail
from tests.interop.clients.mpop import Mpop
from tests.interop.clients.mutt import Mutt

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interop.clients.client import Client, Programs
    from tests.interop.conftest import Maildir, MailServer


@pytest.mark.parametrize("client", [Getmail(), Mpop()], ids=lambda client: client.name)
def test_a_client_that_keeps_mail_on_the_server_fetches_nothing_twice(
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path, client: Client
) -> None:
    account = server.account("USER", home=tmp_path)
    client.fetch(account, run)
    client.fetch(account, run)
    assert len(maildir.messages()) == len(server.messages)
    assert len(server.logins()) == 2


@pytest.mark.parametrize("client", [Fetchmail(), Getmail(), Mpop(), Mutt()], ids=lambda client: client.name)
def test_a_client_that_takes_its_mail_away_leaves_nothing(
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path, client: Client
) -> None:
    account = server.account("USER", home=tmp_path, keep=False)
    client.fetch(account, run)
    assert len(maildir.messages()) == len(server.messages)
    assert server.messages_left() == 0
