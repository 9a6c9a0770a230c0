"""A mail server in a folder: a Postfix's configuration, and a list with its map and state; all is well."""

import json
import os
import subprocess
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from stpolicy import rules
from stpolicy.flows.doctor import Diagnosis, doctor
from stpolicy.flows.state_folder import Settings
from stpolicy.model.table import Table
from stpolicy.mta.postfix import Postfix
from tests import lists
from tests.needs import needs
from tests.personas import SIGNED, stamp

DOMAINS = ("example.com", "sub.example.org", "xn--bcher-kva.de")
POLICY = "secure match=mx.example.com servername=hostname protocols=>=TLSv1.2"
FINGERPRINT = "A" * 40
LABEL = "20261101T113000Z-0123456789ab"
MASTER = """\
smtp      inet  n       -       y       -       -       smtpd
smtp      unix  -       -       y       -       -       smtp
relay     unix  -       -       y       -       -       smtp
        -o syslog_name=postfix/$service_name -o smtp_fallback_relay=
virtual   unix  -       n       n       -       -       virtual
error     unix  -       -       y       -       -       error
uucp      unix  -       n       n       -       -       pipe
        flags=Fqhu user=uucp argv=uux -r -n -z $sender
"""
MAIN = """\
compatibility_level = 3.6
smtp_tls_security_level = may
smtp_tls_CAfile = @ETC@/ca.pem
smtp_tls_policy_maps = hash:@LIB@/maps/policy
smtp_tls_loglevel = 1
"""


@dataclass(frozen=True)
class PostfixRoom:
    """`etc` holds main.cf and master.cf, `lib` is the folder of the list."""

    etc: Path
    lib: Path

    @property
    def table(self) -> Table:
        return Table("hash", str(self.lib / "maps" / "policy"))

    def settle(self) -> None:
        """Makes the configuration an old one: Postfix waits until what it reads is a second old."""
        for name in ("main.cf", "master.cf"):
            if (self.etc / name).exists():
                os.utime(self.etc / name, (0, 0))

    def table_text(self, name: str, text: str) -> None:
        """Writes a table beside main.cf, an old one."""
        (self.etc / name).write_text(text)
        os.utime(self.etc / name, (0, 0))

    def main(self, text: str) -> None:
        """Writes main.cf; `@ETC@` and `@LIB@` are the two folders."""
        (self.etc / "main.cf").write_text(self.filled(text))
        self.settle()

    def set(self, **values: str) -> None:
        """Adds lines to main.cf; the last of a parameter counts."""
        with (self.etc / "main.cf").open("a") as file:
            file.writelines(f"{name} = {self.filled(value)}\n" for name, value in values.items())
        self.settle()

    def master(self, *lines: str) -> None:
        """Adds lines to master.cf."""
        with (self.etc / "master.cf").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
        self.settle()

    def filled(self, text: str) -> str:
        return text.replace("@ETC@", str(self.etc)).replace("@LIB@", str(self.lib))

    def map(self, rows: dict[str, str], *comments: str) -> None:
        """Writes the map anew and compiles it."""
        text = "".join(f"# {comment}\n" for comment in comments)
        text += "".join(f"{key} {value}\n" for key, value in rows.items())
        (self.lib / "maps" / "policy").write_text(text, encoding="utf-8")
        subprocess.run(
            [needs("postmap", "postfix"), "-c", str(self.etc), str(self.table)],
            check=True,
            capture_output=True,
        )
        for name in ("policy", "policy.db"):
            (self.lib / "maps" / name).chmod(0o644)
            os.utime(self.lib / "maps" / name, (10**9, 10**9))  # whatever time it is where the tests run

    def state(self, **values: object) -> None:
        (self.lib / "state.json").write_text(json.dumps({"reason": "unchanged", **values}))

    def examined(self, **changed: object) -> Diagnosis:
        """What the flow makes of it."""
        settings = Settings(self.etc / "stpolicy.toml", (self.etc / "overlay.json",))
        usual = {"now": lists.NOW, "signers": [FINGERPRINT], "settings": settings}
        arguments: dict[str, object] = {**usual, **changed}
        return doctor(Postfix(self.etc), self.lib, **arguments)  # type: ignore[arg-type]

    def codes(self, **changed: object) -> frozenset[str]:
        """Which codes it finds."""
        return frozenset(finding.code for finding in self.examined(**changed).report.findings)

    def judged(self, **facts: object) -> list[str]:
        """What the rules say of a Postfix that differs in these facts from the one that is here."""
        changed = replace(self.examined().server, **facts)  # type: ignore[arg-type]
        return [code for code, *_ in rules.judge(rules.POSTFIX, changed)]


@cache
def authority() -> str:
    """The certificate of somebody whom a Postfix may trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = made.not_valid_before(SIGNED).not_valid_after(SIGNED + timedelta(days=999))
    return dated.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def postfix_room(folder: Path) -> PostfixRoom:
    """A mail server in which `doctor` finds nothing."""
    needs("postconf", "postfix")
    room = PostfixRoom(folder / "etc", folder / "lib")
    version = room.lib / "versions" / LABEL
    for made in (room.etc, room.lib, version.parent, version, room.lib / "maps"):
        made.mkdir(parents=True)
        made.chmod(0o755)
    room.main(MAIN)
    room.master(*MASTER.splitlines())
    (room.etc / "ca.pem").write_text(authority())
    for name in ("stpolicy.toml", "overlay.json"):
        (room.etc / name).write_text("")
        (room.etc / name).chmod(0o644)
    (room.lib / "current").symlink_to(f"versions/{LABEL}")
    enforced = {"mode": "enforce", "mxs": ["mx.example.com"]}
    policies = dict.fromkeys(DOMAINS, enforced) | {"testing.example.net": lists.ONE_HOST}
    (version / "policy.json").write_bytes(lists.data(policies, timestamp=stamp(SIGNED)))
    (version / "policy.json.asc").write_text("")
    (room.lib / "mark").write_text("")
    room.state(last_success=stamp(lists.NOW - timedelta(hours=1)))
    room.map(dict.fromkeys((*DOMAINS, "bücher.de"), POLICY))
    for file in (version / "policy.json", version / "policy.json.asc", room.lib / "mark"):
        file.chmod(0o644)
    return room
