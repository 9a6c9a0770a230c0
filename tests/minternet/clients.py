"""What looks at the mini-internet: `stpolicy check`, and clients that know nothing of ours."""

import json
import re
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

from tests.minternet.world import World

Found = dict[str, dict[str, Any]]
"""Domain results of `stpolicy check`, by domain."""

FINGER = (
    *("posttls-finger", "-c", "-L", "summary", "-l", "secure"),
    *("-o", "inet_protocols=all", "-o", "myhostname=checker.stpolicy-lab.net"),
)
"""Postfix's own client, which says in one line what it makes of a mail server."""

_ASK = """
import json, sys
import dns.flags, dns.resolver
resolver = dns.resolver.Resolver()
resolver.use_edns(0, dns.flags.DO, 1232)
resolver.lifetime = 2
said = {}
for question in sys.argv[1:]:
    try:
        answer = resolver.resolve(*question.split())
        said[question] = [len(answer), bool(answer.response.flags & dns.flags.AD), str(answer[0])]
    except Exception as wrong:
        said[question] = type(wrong).__name__
print(json.dumps(said))
"""


def check(internet: World, *what: str | Path) -> Found:
    """What `stpolicy check` finds in there, with these arguments."""
    checking = [sys.executable, "-m", "stpolicy", "check", *what, "--format", "ndjson", "--timeout", "8"]
    named = ["--resolver", "127.0.0.1", "--helo", "checker.stpolicy-lab.net"]
    ran = internet.run([*checking, *named, "--ca-file", internet.ca_file])
    assert ran.returncode in {0, 1}, ran.stderr
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    return {result["domain"]: result for result in results}


def ask(internet: World, *questions: str) -> dict[str, str | list[object]]:
    """`NAME TYPE` to the number of records, whether they are validated, and the first; or to the error."""
    done = internet.run([sys.executable, "-c", _ASK, *questions])
    assert done.returncode == 0, done.stderr
    answers: dict[str, str | list[object]] = json.loads(done.stdout)
    return answers


def finger(internet: World, host: str, *patterns: str) -> str:
    """What posttls-finger says of a host, first line; `secure` as a list wants it."""
    asking: list[str | Path] = [*FINGER, "-s", "hostname", "-F", internet.ca_file, f"[{host}]", *patterns]
    first, _, _ = internet.run(asking).stdout.partition("\n")
    return re.sub(r"^posttls-finger: ", "", first)


class Client:
    """A connection to port 25 of an address, byte for byte."""

    def __init__(self, internet: World, host: str) -> None:
        address = internet.addresses(host)[0]
        self.socket = internet.space.within(lambda: socket.create_connection((address, 25), 30))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def reply(self) -> str:
        """The next reply, with all its lines."""
        said = b""
        while not re.search(rb"^\d{3}( .*)?\r\n\Z", said, re.MULTILINE):
            if not (more := self.socket.recv(65536)):
                break
            said += more
        return said.decode()

    def say(self, line: str) -> str:
        """Says something, and gives the reply."""
        self.socket.sendall(f"{line}\r\n".encode())
        return self.reply()

    def to_tls(self) -> socket.socket:
        """The connection when it is time for a ClientHello."""
        assert self.reply().startswith("220")
        assert "STARTTLS" in self.say("EHLO checker.stpolicy-lab.net")
        assert self.say("STARTTLS").startswith("220")
        return self.socket

    def secured(self, name: str | None, ciphers: str = "") -> ssl.SSLSocket:
        """TLS that checks nothing."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if ciphers:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(ciphers)
        return context.wrap_socket(self.to_tls(), server_hostname=name)
