"""The TLS of a mail server: OpenSSL, which still speaks TLS 1.0; tlslite-ng for SSLv3, RC4 and 3DES."""

import asyncio
import os
import socket
import ssl
import warnings
from pathlib import Path

from tests.minternet.behaviour import Tls
from tests.minternet.old_tls import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
from tests.minternet.server.peer import Peer

_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_NUMBERS = {"SSLv3": (3, 0), "TLSv1": (3, 1), "TLSv1.1": (3, 2), "TLSv1.2": (3, 3)}


def context(tls: Tls, certificate: Path, unnamed: Path | None) -> ssl.SSLContext:
    """A context; clients that send no SNI are shown `unnamed` where there is one."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    oldest, newest = (_VERSIONS[version] for version in tls.versions.split())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
        made.minimum_version, made.maximum_version = oldest, newest
    made.set_ciphers(tls.ciphers if "@" in tls.ciphers else f"{tls.ciphers}:@SECLEVEL=0")
    made.load_cert_chain(unnamed or certificate)
    if unnamed:
        named = context(tls, certificate, None)

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            if name:
                connection.context = named

        made.sni_callback = choose
    return made


async def weakly(peer: Peer, tls: Tls, certificate: Path) -> None:
    """A session with tlslite-ng, in a thread, on the same connection, which must not be read meanwhile."""
    own = peer.writer.get_extra_info("socket")
    with socket.socket(fileno=os.dup(own.fileno())) as connection:
        connection.settimeout(60)
        await asyncio.to_thread(_serve, connection, tls, certificate.read_text())


def _serve(connection: socket.socket, tls: Tls, pem: str) -> None:
    settings, chain = HandshakeSettings(), X509CertChain()
    settings.minVersion, settings.maxVersion = (_NUMBERS[version] for version in tls.versions.split())
    settings.cipherNames = tls.ciphers.split()[1:]
    settings.macNames = ["sha", "sha256", "aead"]
    settings.useEncryptThenMAC = False
    if tls.signs:
        settings.keyExchangeNames, settings.rsaSigHashes = ["ecdhe_rsa"], [tls.signs]
    chain.parsePemList(pem)
    secured = TLSConnection(connection)
    secured.handshakeServer(certChain=chain, privateKey=parsePEMKey(pem, private=True), settings=settings)
    while (said := secured.recv(4096)) and not said.upper().startswith(b"QUIT"):
        secured.sendall(b"250 ok\r\n")
    secured.sendall(b"221 bye\r\n")
    secured.close()
