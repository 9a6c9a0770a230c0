"""Which certification authorities a Postfix has: OpenSSL reads them here as it does there."""

import re
import ssl
from collections.abc import Mapping
from pathlib import Path

ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")
"""Where Debian, Red Hat and SUSE keep the certification authorities; others have the first one too."""

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""How a certificate is called in a folder, so that OpenSSL finds it (openssl-rehash(1))."""


def system_roots() -> str:
    """The file with this system's authorities."""
    return next((path for path in ROOTS if Path(path).exists()), ROOTS[0])


def without_authorities(values: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """By parameter: why what it names holds no authority. And those that we may not look into."""
    found, unlooked = {}, []
    for name, fault in (("smtp_tls_CAfile", _file_fault), ("smtp_tls_CApath", _folder_fault)):
        value = values.get(name, "")
        try:
            if value and (said := fault(Path(value))):
                found[name] = said
        except OSError as wrong:
            unlooked.append(f"{name}: {value}: {wrong.strerror}")
    return found, unlooked


def _file_fault(path: Path) -> str | None:
    if not path.exists():
        return "is not there"
    if path.is_dir():
        return "is a folder"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(path)
    except ssl.SSLError:
        return "holds no certificate that can be read"
    return None if context.cert_store_stats()["x509"] else "holds no certificate"


def _folder_fault(path: Path) -> str | None:
    if not path.exists():
        return "is not there"
    if not path.is_dir():
        return "is no folder"
    hashed = any(_HASHED.fullmatch(there.name) for there in path.iterdir())
    return None if hashed else "holds no certificate by the name that OpenSSL looks for"
