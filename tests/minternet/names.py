"""DNS of the mini-internet: nsd has all zones, the root too, and unbound asks it and validates."""

from pathlib import Path
from subprocess import Popen

from tests.minternet.plan import NAME_SERVER
from tests.minternet.zones import Zone
from tests.namespace import Namespace
from tests.needs import needs

_NSD = """server:
  ip-address: {address}
  username: ""
  chroot: ""
  zonesdir: {folder}
  zonelistfile: {folder}/zone.list
  xfrdfile: {folder}/xfrd.state
  pidfile: ""
  database: ""
  tcp-count: 100
  minimal-responses: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""

_UNBOUND = """server:
  interface: 127.0.0.1
  username: ""
  chroot: ""
  directory: {folder}
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-not-query-localhost: no
  root-hints: {folder}/root.hints
  trust-anchor-file: {folder}/root.anchor
  msg-buffer-size: 65552
  outgoing-range: 4096
  num-queries-per-thread: 4096
  so-reuseport: yes
remote-control:
  control-enable: no
"""


def write(folder: Path, zones: list[Zone], inception: int) -> None:
    """Writes all files; signatures are good from `inception` (seconds since 1970) on."""
    nsd = [_NSD.format(address=NAME_SERVER, folder=folder)]
    for number, zone in enumerate(zones):
        if zone.lines:  # else nsd has nothing to say of it: SERVFAIL
            (folder / f"{number}.zone").write_text(zone.text(inception))
        nsd.append(f"zone:\n  name: {zone.name}.\n  zonefile: {number}.zone\n")
    root = zones[0]
    (folder / "nsd.conf").write_text("".join(nsd))
    (folder / "unbound.conf").write_text(_UNBOUND.format(folder=folder))
    (folder / "root.hints").write_text(f". 3600 NS {root.server}.\n{root.server}. 3600 A {NAME_SERVER}\n")
    (folder / "root.anchor").write_text(f". DNSKEY {root.dnskey}\n")


def begin(space: Namespace, folder: Path) -> list[Popen[str]]:
    """Starts both; they answer when `ready` says so."""
    nsd, unbound = needs("nsd", "nsd"), needs("unbound", "unbound")
    return [
        space.start([nsd, "-d", "-c", folder / "nsd.conf"]),
        space.start([unbound, "-d", "-c", folder / "unbound.conf"]),
    ]
