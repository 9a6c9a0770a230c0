"""tlslite-ng: TLS that still knows SSLv3, RC4 and 3DES, as no OpenSSL of today does."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it looks for asyncore, which went with Python 3.12
    from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey

__all__ = ["HandshakeSettings", "TLSConnection", "X509CertChain", "parsePEMKey"]
