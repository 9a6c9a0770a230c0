"""Facts about a mail server: how its Postfix is set up, and what lies in the list's folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stpolicy.model.dates import Instant, instant
from stpolicy.model.state import FORGOTTEN
from stpolicy.model.table import Table, tables

PARAMETERS = (
    "smtp_tls_security_level",
    "smtp_use_tls",
    "smtp_enforce_tls",
    "smtp_tls_policy_maps",
    "smtp_tls_CAfile",
    "smtp_tls_CApath",
    "smtp_tls_loglevel",
    "smtp_fallback_relay",
    "smtputf8_enable",
    "relayhost",
    "sender_dependent_relayhost_maps",
    "transport_maps",
    "default_transport",
    "relay_transport",
    "sender_dependent_default_transport_maps",
    "parent_domain_matches_subdomains",
)
"""What decides whether the list works; every Postfix since 3.0 has all of them."""

ENFORCE_STS = "smtp_tls_enforce_sts_mx_patterns"
"""Whether `mx_host_pattern` of a row counts."""

NEWER_PARAMETERS = {
    "tls_required_enable": (3, 10),
    "smtp_tlsrpt_enable": (3, 10),
    ENFORCE_STS: (3, 10, 5),
}
"""Parameters that not every Postfix has, and the first that has them."""

_LEVELS = frozenset({"none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure"})


@dataclass(frozen=True, slots=True)
class Service:
    """A line of master.cf, and what its `-o` options set."""

    name: str
    kind: str
    program: str
    overrides: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """What a transport map says about a listed domain: the key that was found and its value."""

    domain: str
    table: str
    key: str
    value: str

    @property
    def transport(self) -> str:
        """The service that is named; empty for the default."""
        return self.value.partition(":")[0]

    @property
    def nexthop(self) -> str:
        """Where mail goes instead of to the domain; empty for the domain itself."""
        return self.value.partition(":")[2]


@dataclass(frozen=True, slots=True)
class MapFacts:
    """The table that is made of the list. Dates are None for files that are not there."""

    table: Table
    written: Instant | None = None
    """When the text was."""
    indexed: Instant | None = None
    """When the file was that Postfix reads."""
    digest: str | None = None
    """Of the list, as the comments at the top of the text give it."""
    rows: Mapping[str, str] = field(default_factory=dict)
    """What the text says, by key."""
    differs: str | None = None
    """A key for which Postfix is told something else than the text says."""

    @property
    def claims_sts(self) -> bool:
        """Whether rows say that their domain has an MTA-STS policy, as those of `--match mx` do."""
        return any(" policy_type=sts" in value for value in self.rows.values())


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a session with a listed domain's mail server came to."""

    domain: str
    host: str
    verified: bool
    said: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A file or a folder, its mode, and whose it is."""

    path: str
    mode: int
    folder: bool = False
    owner: str = "root"


@dataclass(frozen=True, slots=True)
class ListFacts:
    """The list in force: its dates, the SHA-256 of its bytes, and the domains that are to be enforced."""

    timestamp: Instant
    expires: Instant
    digest: str
    domains: tuple[str, ...] = ()
    testing: int = 0
    """How many domains are in testing."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """What lies in the list's folder, and whom the settings trust."""

    folder: str
    now: datetime
    list: ListFacts | None = None
    last_success: Instant | None = None
    """When a list that was offered was verified for the last time."""
    signers: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    max_age: timedelta = FORGOTTEN
    """How long no list need have been verified."""
    owner: str = ""
    """Whose the folder is; empty when there is none."""
    foreign: bool = False
    """Whether that is somebody else than who runs this."""
    config: str = ""
    """The file of settings that was asked for, if not the usual one."""
    gone_map: str = ""
    """The map of the last update, when it is not there any more."""
    changed_map: str = ""
    """The same, when it is not what that update left."""

    @property
    def at(self) -> Instant:
        """The time to judge by, as dates of lists are."""
        return instant(self.now)


@dataclass(frozen=True)
class MailServer:
    """A Postfix. Values of parameters have their `$names` replaced."""

    version: tuple[int, ...]
    types: frozenset[str]
    settings: Mapping[str, str]
    services: tuple[Service, ...]
    installed: StateFolder
    map: MapFacts | None = None
    routes: tuple[Route, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    no_ca: Mapping[str, str] = field(default_factory=dict)
    """By the name of a file or folder with certification authorities: why it holds none."""
    silent: Mapping[Table, str] = field(default_factory=dict)
    """By policy table: why Postfix gets no answer from it."""
    before: Mapping[Table, Mapping[str, str]] = field(default_factory=dict)
    """By policy table that is asked before the map: for which keys of the map it answers something else."""
    roots: str = "/etc/ssl/certs/ca-certificates.crt"
    """Where this system has its certification authorities."""
    postconf: str = "postconf"
    """How a person calls it for this configuration."""
    configuration: str = ""
    """Its folder, if not the usual one."""

    def setting(self, name: str, service: Service | None = None) -> str:
        """The value of a parameter, for a service if one is named; empty when it is unknown."""
        own = service.overrides if service else {}
        return own.get(name, self.settings.get(name, "")).strip()

    def level(self, service: Service | None = None) -> str:
        """The security level where no policy says otherwise; two older parameters count when it is empty."""
        level = self.setting("smtp_tls_security_level", service).lower()
        if level:
            return level
        if self.setting("smtp_enforce_tls", service).lower() == "yes":
            return "encrypt"
        return "may" if self.setting("smtp_use_tls", service).lower() == "yes" else "none"

    def known_level(self) -> bool:
        """Whether Postfix has such a level."""
        return self.level() in _LEVELS

    def policy_maps(self, service: Service | None = None) -> tuple[Table, ...]:
        """The policy tables in the order in which they are asked."""
        return tables(self.setting("smtp_tls_policy_maps", service))

    def program(self, transport: str) -> str:
        """What runs for a transport; without master.cf what the name suggests."""
        for service in self.services:
            if service.name == transport and service.kind == "unix":
                return service.program
        return "smtp" if not self.services and transport in ("smtp", "relay") else ""

    @property
    def clients(self) -> tuple[tuple[Service, bool], ...]:
        """Every service that runs the SMTP client, and whether mail for listed domains may go by it."""
        used = {self.setting(name).partition(":")[0] for name in ("default_transport", "relay_transport")}
        used |= {route.transport for route in self.routes}
        any_of_them = bool(self.setting("sender_dependent_default_transport_maps"))
        return tuple(
            (service, any_of_them or service.name in used)
            for service in self.services
            if service.program == "smtp"
        )
