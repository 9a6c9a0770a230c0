"""The lab: domains, mail servers with good and bad certificates, and a Postfix that sends to them."""

import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess

from stpolicy.model.table import Table
from tests import namespace
from tests.lab import website
from tests.lab.certificates import Authority
from tests.lab.nameserver import NameServer
from tests.lab.postfix import Delivery, Postfix
from tests.lab.sink import Received, Sink, secured_by
from tests.namespace import Namespace
from tests.needs import needs

ZONE = "stpolicy-lab.net"

RESOLVER = "resolv.conf"

SUFFIX = f".mx.{ZONE}"
"""Ends the name of every mail server."""


def at(name: str) -> str:
    """A domain of the lab: `at("good")`."""
    return f"{name}.{ZONE}"


def mx(name: str) -> str:
    """A mail server of the lab: `mx("one")`."""
    return f"{name}{SUFFIX}"


class Lab:
    """What tests do in the lab; `table` is what Postfix has in smtp_tls_policy_maps."""

    def __init__(self, space: Namespace, folder: Path, closing: ExitStack) -> None:
        self.received: list[Received] = []
        self._resolver = folder / RESOLVER
        self._postfix = Postfix(space, folder)
        self.authority = Authority(folder / "certificates")
        self.map_type = best_type(space)
        self.map_path = folder / "policy"
        self.table = f"{self.map_type}:{self.map_path}"
        self.space, self._closing = space, closing
        self._addresses = count(1)
        self.names = NameServer(space, ZONE)
        self._defaults = {
            "smtp_tls_security_level": "may",
            "smtp_tls_CAfile": str(self.authority.ca),
            "smtp_tls_loglevel": "1",
            "smtp_tls_policy_maps": self.table,
        }
        self._changed = False
        self._postfix.write(self._defaults)

    def begin(self) -> None:
        """Starts everything."""
        self.authority.begin()
        _furnish(self)
        self._closing.callback(self.names.end)
        self.names.begin()
        self.policy()
        self._closing.callback(self._postfix.end)
        self._postfix.begin()

    def deliver(self, recipient: str, headers: str = "") -> Delivery:
        """Sends a mail to a recipient, and says what came of the first try."""
        before = len(self.received)
        delivery = self._postfix.send(recipient, headers)
        kept = self.received[before:]
        return replace(delivery, received=kept[-1] if kept else None)

    def policy(self, *lines: str) -> None:
        """Makes these lines, and no others, the table that Postfix asks."""
        new, there = (Table(self.map_type, str(path)) for path in (f"{self.map_path}.new", self.map_path))
        Path(new.name).write_text("".join(f"{line}\n" for line in lines), "utf-8")
        done = self.run(["postmap", str(new)])
        assert (done.returncode, done.stderr) == (0, "")
        Path(new.file or "").replace(there.file or "")  # Postfix sees another file, in the same second too
        Path(new.name).replace(there.name)

    def main_cf(self, **settings: str) -> None:
        """Sets parameters until the end of the test, all others as at the begin."""
        self._changed = bool(settings)
        self._postfix.write(self._defaults | settings)
        self.reload()

    @property
    def configuration(self) -> Path:
        """The folder of main.cf."""
        return self._postfix.folder

    def reload(self) -> None:
        """Makes Postfix read its configuration and tables anew."""
        with self.reloading():
            done = self.run(["postfix", "reload"])
            assert done.returncode == 0, done.stderr

    def reloading(self) -> AbstractContextManager[None]:
        """Around whatever reloads Postfix: afterwards nothing is left that knows the old configuration."""
        return self._postfix.reloading()

    def restore(self) -> None:
        """The settings and the empty table that the lab began with."""
        if self._changed:
            self.main_cf()
        self.policy()

    def host(
        self, name: str, certificate: Path | None, newest: ssl.TLSVersion | None = None, **how: str
    ) -> str:
        """Adds a mail server; without a certificate it has no STARTTLS. See Sink for the rest."""
        context = secured_by(certificate, newest) if certificate else None
        address = self._address(name)
        listener = self.space.within(lambda: socket.create_server((address, 25)))
        self._closing.callback(Sink(name, listener, context, self.received.append, **how).close)
        return name

    def domain(self, name: str, *hosts: str) -> str:
        """Adds a domain with these MX hosts, the best first."""
        self.names.exchanges[name] = hosts
        self.names.refresh()
        return name

    def https(self, folder: Path, name: str = at("lists")) -> AbstractContextManager[website.Website]:
        """Serves a folder as https://NAME/, with a certificate of the lab's authority."""
        address = self.names.addresses.get(name) or self._address(name)
        return website.serving(self.space, name, address, folder, self.authority.issue(name))

    @contextmanager
    def resolving(self, address: str) -> Iterator[None]:
        """Asks another resolver meanwhile, and believes what it says of DNSSEC."""
        before = self._resolver.read_text()
        self._resolver.write_text(f"nameserver {address}\noptions trust-ad\n")  # as it is: it is mounted
        try:
            yield
        finally:
            self._resolver.write_text(before)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        text: str = "",
        folder: Path | None = None,
        **environment: str,
    ) -> CompletedProcess[str]:
        """Runs a command where it sees the lab's network, names and Postfix; `text` is its input."""
        return self.space.run(command, text=text, folder=folder, **environment)

    def finger(self, host: str, *patterns: str) -> CompletedProcess[str]:
        """Asks posttls-finger about a mail server under `secure match=PATTERNS servername=hostname`."""
        asking = ["posttls-finger", "-c", "-L", "summary", "-l", "secure", "-s", "hostname"]
        return self.run([*asking, "-F", self.authority.ca, f"[{host}]", *patterns])

    def _address(self, name: str) -> str:
        number = next(self._addresses)
        self.names.addresses[name] = address = f"127.0.{1 + number // 250}.{1 + number % 250}"
        self.names.refresh()
        return address


def best_type(space: Namespace) -> str:
    """The type of table that a site should use: the first of these that its Postfix knows."""
    known = space.run([needs("postconf", "postfix"), "-m"]).stdout.split()
    return next(kind for kind in ("lmdb", "cdb", "hash") if kind in known)


def _furnish(lab: Lab) -> None:
    """One domain for each kind of mail server."""
    issue, authority = lab.authority.issue, lab.authority
    one = lab.host(mx("one"), issue(mx("one")))
    two = lab.host(mx("two"), issue(at("other")))
    lab.domain(at("good"), one)
    lab.domain(at("wrong"), two)
    lab.domain(at("both"), two, one)
    lab.domain(at("xn--bcher-kva"), one)
    lab.domain(at("deep"), lab.host(mx("a.b"), issue(mx("a.b"))))
    lab.domain(at("clear"), lab.host(mx("clear"), None))
    lab.domain(at("expired"), lab.host(mx("expired"), authority.expired(mx("expired"))))
    lab.domain(at("alone"), lab.host(mx("alone"), authority.self_signed(mx("alone"))))
    lab.domain(at("old"), lab.host(mx("old"), issue(mx("old")), ssl.TLSVersion.TLSv1_1))


@contextmanager
def opened() -> Iterator[Lab]:
    """A lab, which is gone afterwards."""
    postfix = Path(needs("postfix", "postfix"))
    with ExitStack() as closing:
        folder = Path(tempfile.mkdtemp(prefix="stp-lab-", dir="/tmp"))
        closing.callback(shutil.rmtree, folder)
        folder.chmod(0o755)  # Postfix has a user of its own, who must get to the queue
        (folder / "certificates").mkdir()
        resolver = folder / RESOLVER
        resolver.write_text("nameserver 127.0.0.1\n")
        outside = {key: value for key, value in os.environ.items() if not key.startswith("STPOLICY_")}
        environment = {
            "MAIL_CONFIG": str(folder / "etc"),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{outside['PATH']}:{postfix.parent}:/sbin",
        }
        space = closing.enter_context(namespace.opened(resolver, outside | environment))
        lab = Lab(space, folder, closing)
        lab.begin()
        yield lab
