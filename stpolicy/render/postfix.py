"""Postfix: rows of `smtp_tls_policy_maps` (postconf(5), smtp_tls_policy_maps)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from stpolicy.model.finding import Suffixes
from stpolicy.model.names import canonical, domain_fault, pattern_fault, to_unicode
from stpolicy.model.policy import Mode, Policy


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the next-hop domain and what Postfix is to do for it."""

    key: str
    value: str


def rows(domain: str, policy: Policy, suffixes: Suffixes) -> tuple[Row, ...]:
    """The rows of a domain: none while it is testing, since any row would replace the site's default.

    An internationalised domain has two, one for each form that Postfix may look up. Names are
    refused, not repaired: ValueError for one that is not canonical and well-formed.
    """
    if policy.mode is Mode.TESTING:
        return ()
    patterns = [_safe(pattern, suffixes) for pattern in map(canonical, policy.mxs)]
    if fault := domain_fault(domain):
        raise ValueError(f"{domain!r} {fault}")
    value = f"secure match={':'.join(patterns)} servername=hostname protocols=>=TLSv1.2"
    return tuple(Row(key, value) for key in dict.fromkeys((domain, to_unicode(domain))))


def text(found: Iterable[Row], templates: Path) -> str:
    """The rows as a table, laid out by the template."""
    environment = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(templates / "postfix"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
    return environment.get_template("policy_map.j2").render(rows=list(found))


def _safe(pattern: str, suffixes: Suffixes) -> str:
    if fault := pattern_fault(pattern):
        raise ValueError(f"{pattern!r} {fault}")
    if pattern.startswith(".") and suffixes.among([pattern[1:]]):
        raise ValueError(f"{pattern!r} covers every name under a public suffix")
    return pattern
