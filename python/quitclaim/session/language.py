"""What a client says of languages and of UTF-8 (RFC 6856)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quitclaim.session import texts

if TYPE_CHECKING:
    from quitclaim.pop3 import Lang, Utf8
    from quitclaim.session.dialogue import Dialogue

__all__ = ("lang", "utf8")


def utf8(dialogue: Dialogue, _command: Utf8) -> bytes:
    """UTF8: the client takes what it would get anyway, for messages are sent as they are."""
    dialogue.utf8 = True
    return texts.UTF8


def lang(dialogue: Dialogue, command: Lang) -> bytes:
    """LANG: there is English, by whichever name, of its countries as well (RFC 4647 §3.4)."""
    if command.tag is None:
        return texts.LANGUAGES
    tag = command.tag.lower()
    if tag == b"en" or tag.startswith(b"en-"):
        return texts.LANGUAGE_ENGLISH
    if tag in {b"*", b"i-default"}:
        return texts.LANGUAGE_DEFAULT
    return dialogue.refuse_command(texts.NO_LANGUAGE)
