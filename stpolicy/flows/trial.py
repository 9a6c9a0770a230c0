"""trial: a domain -> its policy in the map -> a session with each of its mail servers."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from stpolicy.errors import StpolicyError
from stpolicy.model.mail_server import Attempt, MailServer
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
            found.append(postfix.attempt(domain, host, TlsPolicy.read(value), server.settings))
        except StpolicyError as wrong:
            unlooked.append(f"{host}: {wrong.message}")
    return found, unlooked


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
