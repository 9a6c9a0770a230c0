"""An authority and what it certifies, made with openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.needs import needs

_YESTERDAY = ("-days", "-1", "-out")


@dataclass(frozen=True)
class Authority:
    """`ca` is its certificate; one key is everybody's, and RSA for the sake of old TLS."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def _key(self) -> Path:
        return self.folder / "key.pem"

    @property
    def _by(self) -> tuple[str | Path, ...]:
        return "-CA", self.ca, "-CAkey", self._key

    def begin(self) -> None:
        """Makes the key and the authority's own certificate."""
        needs("openssl", "openssl")
        self._openssl("genrsa", "-out", self._key, "2048")
        self._certify(self.ca, "/CN=Lab CA")

    def issue(self, *names: str) -> Path:
        """A certificate for these DNS names, with its key."""
        return self._with_key(names[0], names, *self._by)

    def self_signed(self, *names: str) -> Path:
        """The same, by nobody but itself."""
        return self._with_key(f"self-{names[0]}", names)

    def expired(self, *names: str) -> Path:
        """The same by the authority, but it ended yesterday."""
        path = self._path(f"expired-{names[0]}")
        request, extensions = path.with_suffix(".csr"), path.with_suffix(".ext")
        extensions.write_text(_alternative(names))
        self._openssl("req", "-new", "-key", self._key, "-subj", "/CN=lab", "-out", request)
        self._openssl("x509", "-req", "-in", request, *self._by, "-extfile", extensions, *_YESTERDAY, path)
        return self._append_key(path)

    def _with_key(self, name: str, names: tuple[str, ...], *more: str | Path) -> Path:
        leaf = ["-addext", _alternative(names), "-addext", "basicConstraints=CA:FALSE"]
        self._certify(self._path(name), "/CN=lab", *leaf, *more)
        return self._append_key(self._path(name))

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def _append_key(self, path: Path) -> Path:
        with path.open("a") as file:
            file.write(self._key.read_text())
        return path

    def _certify(self, path: Path, subject: str, *more: str | Path) -> None:
        self._openssl("req", "-x509", "-key", self._key, "-subj", subject, "-days", "2", *more, "-out", path)

    def _openssl(self, *arguments: str | Path) -> None:
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def _alternative(names: tuple[str, ...]) -> str:
    return "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)
