"""JavaMail, now Jakarta Mail: a library, here in a script; its NTLM is broken, see the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.client import EVERY_WAY, Account, Client, Programs

if TYPE_CHECKING:
    import subprocess

__all__ = ("JavaMail",)

# BeanShell interprets Java as it is written: a compiler would be a hundred megabytes more to install.
CLASSES = ("/usr/share/java/bsh.jar", "/usr/share/java/javax.mail.jar")
FETCH = """\
Folder inbox = store.getFolder("INBOX");
inbox.open(Folder.READ_WRITE);
for (Message message : inbox.getMessages()) {
    OutputStream file = new FileOutputStream("Maildir/new/" + message.getMessageNumber());
    message.writeTo(file);
    file.close();
}
inbox.close(true);
store.close();
"""


class JavaMail(Client):
    """A program of some lines, whose properties are the settings."""

    name = "JavaMail"
    version = "1.6.5"
    file = "Fetch.java"
    ways = (("USER", EVERY_WAY), ("PLAIN", EVERY_WAY))
    tokens = (("XOAUTH2", EVERY_WAY),)  # of 150 characters at most: it puts them on the command's line
    denied = b"[AUTH] authentication failed"

    def settings(self, account: Account, /) -> str:
        """The program as far as the login."""
        protocol = "pop3s" if account.carrier == "pop3s" else "pop3"
        mechanism = (
            "LOGIN" if account.mechanism == "USER" else account.mechanism
        )  # its name for USER and PASS
        return f"""\
import java.io.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Properties;
import javax.mail.*;
import javax.net.ssl.*;

Properties settings = new Properties();
settings.setProperty("mail.{protocol}.auth.mechanisms", "{mechanism}");
{"" if account.carrier == "pop3" else _trust(account, protocol)}
Store store = Session.getInstance(settings).getStore("{protocol}");
store.connect("{account.host}", {account.port}, "{account.username}", "{account.secret}");
"""

    def fetch(self, account: Account, run: Programs, /) -> subprocess.CompletedProcess[bytes]:
        """Runs the program."""
        file = account.write(self.file, self.settings(account) + FETCH)
        quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
        return run("java", *quick, "-cp", ":".join(CLASSES), "bsh.Interpreter", file, needs=CLASSES)


def _trust(account: Account, protocol: str) -> str:
    stls = f"""\
settings.setProperty("mail.{protocol}.starttls.enable", "true");
settings.setProperty("mail.{protocol}.starttls.required", "true");
"""
    return f"""\
{stls if account.carrier == "stls" else ""}\
settings.setProperty("mail.{protocol}.ssl.checkserveridentity", "true");

KeyStore trusted = KeyStore.getInstance("PKCS12");
trusted.load(null, null);
trusted.setCertificateEntry("authority", CertificateFactory.getInstance("X.509")
    .generateCertificate(new FileInputStream("{account.authority}")));
TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
trust.init(trusted);
SSLContext context = SSLContext.getInstance("TLS");
context.init(null, trust.getTrustManagers(), null);
settings.put("mail.{protocol}.ssl.socketFactory", context.getSocketFactory());
"""
