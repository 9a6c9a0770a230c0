"""A real mail server, set up as Debian does, is found to be merely good."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.postfix import Postfix
from tests.minternet.clients import check
from tests.minternet.plan import Host
from tests.minternet.row import PLAIN, ZONE
from tests.minternet.world import World
from tests.needs import needs

PORT = 2525
"""On 25 the mini-internet listens."""

_SERVICES = f"""\
{{address}}:{PORT} inet n - n - - smtpd
postlog  unix-dgram n - n - 1 postlogd
tlsmgr   unix - - n 300 1 tlsmgr
proxymap unix - - n - - proxymap
anvil    unix - - n - 1 anvil
rewrite  unix - - n - - trivial-rewrite
"""


@contextmanager
def postfix(internet: World, host: Host) -> Iterator[None]:
    """A Postfix at an address of the table, with the certificate of that address and no wishes about TLS."""
    needs("postfix", "postfix")
    folder = Path(tempfile.mkdtemp(prefix="stp-postfix-", dir="/tmp"))
    folder.chmod(0o755)  # it has a user of its own
    try:
        server = Postfix(internet.space, folder)
        (server.folder / "master.cf").write_text(_SERVICES.format(address=host.address))
        chain = internet.ca_file.parent / f"{host.address}.pem"
        server.write({"smtpd_tls_security_level": "may", "smtpd_tls_chain_files": str(chain)})
        try:
            server.begin()
            yield
        finally:
            server.end()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module", params=["plain", "only-tls13"], ids=["EC", "RSA"])
def host(request: pytest.FixtureRequest, internet: World) -> Iterator[Host]:
    """Where a Postfix is."""
    (host,) = (one for one in internet.hosts if one.name == f"mx.{request.param}.{ZONE}")
    with postfix(internet, host):
        yield host


def test_postfix_is_good(internet: World, host: Host) -> None:
    """It takes TLS 1.0 and 1.1 too, which is a note."""
    pattern = ["--domain", host.domain, "--mx", host.name]
    result = check(internet, *pattern, "--port", str(PORT))[host.domain]
    codes = {finding["code"] for finding in result["findings"]}
    assert (result["status"], codes) == (0, {*PLAIN, "tls.version.old_too"})
    (seen,) = result["results"][host.name]["addresses"].values()
    assert seen["banner"]["lines"] == ["sender.stpolicy-lab.net ESMTP Postfix"]
    untold = {name for name, probe in seen["probes"].items() if probe == "not tested"}
    assert untold == set()


def test_postfix_takes_anonymous_ciphers(internet: World, host: Host) -> None:
    """From who offers nothing else: so they cannot count as weak."""
    asking = [needs("openssl", "openssl"), "s_client", "-starttls", "smtp", "-brief", "-no_tls1_3"]
    place = ["-connect", f"{host.address}:{PORT}"]
    done = internet.run([*asking, *place, "-cipher", "aNULL:!eNULL:@SECLEVEL=0"], text="QUIT\n")
    assert "No peer certificate" in done.stdout + done.stderr
    done = internet.run([*asking, *place, "-cipher", "eNULL:@SECLEVEL=0"], text="QUIT\n")
    assert "handshake failure" in done.stdout + done.stderr
