"""trial: a domain -> its policy in the map -> a session with each of its mail servers."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from stpolicy.errors import StpolicyError
from stpolicy.model.mail_server import ENFORCE_STS, Attempt, MailServer
from stpolicy.model.names import MxPattern
from stpolicy.model.observation import Dns, MxAnswer
from stpolicy.model.table import TlsPolicy
from stpolicy.mta.postfix import Postfix

_NONE = {Dns.NXDOMAIN: "there is no such domain", Dns.NO_DATA: "it has no mail server"}


@dataclass(frozen=True, slots=True)
class Trial:
    """The domain to try, and its mail servers as Postfix names them: `hosts`, else those that DNS has."""

    domain: str
    hosts: Collection[str]
    exchanges: Callable[[str], MxAnswer]


def attempts(postfix: Postfix, server: MailServer, trial: Trial) -> tuple[list[Attempt], list[str]]:
    """What came of a session with each host, and where we could not look.

    A sender may use any of them, and takes the next where one does not answer: all must meet the policy.
    """
    domain = trial.domain
    if server.map is None:
        return [], [f"{domain}: there is no map to take its policy from"]
    try:
        value = postfix.query(str(server.map.table), [domain]).get(domain)
    except StpolicyError as wrong:
        return [], [f"{domain}: {wrong.message}"]
    if value is None:
        return [Attempt(domain, domain, False, f"{server.map.table} has no row for it")], []
    found, hosts, unlooked = _hosts(trial)
    for host in hosts:
        try:
            found.append(_attempt(postfix, server, domain, host, TlsPolicy.read(value)))
        except StpolicyError as wrong:
            unlooked.append(f"{host}: {wrong.message}")
    return found, unlooked


def _attempt(postfix: Postfix, server: MailServer, domain: str, host: str, policy: TlsPolicy) -> Attempt:
    """A session under the policy; posttls-finger itself knows nothing of patterns for names of hosts."""
    if policy.binds_hosts and server.setting(ENFORCE_STS).lower() != "no":
        name = host.partition("]")[0].removeprefix("[")
        if not any(_fits(pattern, name) for pattern in policy.mx_patterns):
            return Attempt(domain, host, False, f"{name} fits no mx_host_pattern of the row")
        policy = replace(policy, patterns=(name,))
    return postfix.attempt(domain, host, policy, server.settings)


def _fits(pattern: str, name: str) -> bool:
    """Whether Postfix takes a host by its name; `*.` stands for one label, and a dot alone for nothing."""
    try:
        written = MxPattern(pattern[1:] if pattern.startswith("*.") else pattern)
    except ValueError:
        return False
    return not pattern.startswith(".") and written.matches(name)


def _hosts(trial: Trial) -> tuple[list[Attempt], list[str], list[str]]:
    """What DNS settles already, the hosts to try, and what we do not know."""
    domain = trial.domain
    if trial.hosts:
        return [], list(trial.hosts), []
    try:
        answer = trial.exchanges(domain)
    except StpolicyError as wrong:
        return [], [], [f"{domain}: {wrong.message}"]
    if not answer.how.known:
        return [], [], [f"{domain}: DNS: {answer.message or answer.how}"]
    if answer.how is not Dns.ANSWER:
        return [Attempt(domain, domain, False, _NONE[answer.how])], [], []
    names = dict.fromkeys(exchange.host for exchange in answer.exchanges if exchange.host)
    if not names:
        return [Attempt(domain, domain, False, "it accepts no mail (RFC 7505)")], [], []
    left = answer.count - len(answer.exchanges)
    return [], [f"[{name}]" for name in names], [f"{domain}: {left} more mail servers"] if left > 0 else []
