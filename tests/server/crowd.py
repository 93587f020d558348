"""Peers who log in and then say nothing, thousands of them, in a process of their own. Run, not imported.

    python crowd.py HOST PORT NUMBER [CERTIFICATE.pem]

They are user0, user1 and so on, with one password, from 64 addresses, with that certificate by TLS. When all
are in it says `in`; when it is told anything, each leaves by QUIT, and it ends when the server has closed.
"""

from __future__ import annotations

import resource
import socket
import ssl
import sys
from base64 import b64encode

ADDRESSES = 64
PASSWORD = "open sesame"  # noqa: S105 - a test's


def main() -> None:
    """Logs in, waits, leaves."""
    host, port, number, *pem = sys.argv[1:]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    context = ssl.create_default_context(cafile=pem[0]) if pem else None
    peers = [_logged_in((host, int(port)), user, context) for user in range(int(number))]
    print("in", flush=True)  # noqa: T201 - to its parent
    sys.stdin.readline()
    for peer in peers:
        peer.sendall(b"QUIT\r\n")
    for peer in peers:
        while peer.recv(1_000):
            pass
        peer.close()


def _logged_in(address: tuple[str, int], user: int, context: ssl.SSLContext | None) -> socket.socket:
    peer = socket.create_connection(address, 60, (f"127.0.1.{user % ADDRESSES + 1}", 0))
    if context is not None:
        peer = context.wrap_socket(peer, server_hostname=address[0])
    response = b64encode(f"\0user{user}\0{PASSWORD}".encode())
    _say(peer, b"", b"+OK quitclaim ready\r\n")
    _say(peer, b"AUTH PLAIN " + response + b"\r\n", b"+OK 1 messages")
    return peer


def _say(peer: socket.socket, line: bytes, answer: bytes) -> None:
    peer.sendall(line)
    said = peer.recv(1_000)
    if not said.startswith(answer):
        sys.exit(f"not {answer!r}, but {said!r}")


if __name__ == "__main__":
    main()
