"""Judgement: a subject to problems. Which rules are asked, by whom, is written out here."""

from collections.abc import Iterable, Iterator
from typing import Any

from stpolicy.model.finding import Candidate, Problem, Rule, S, Severity
from stpolicy.model.mail_server import MailServer, StateFolder
from stpolicy.model.observed import Observed
from stpolicy.model.signature import Signatures
from stpolicy.rules import (
    dane,
    dates,
    history,
    install,
    look,
    mta_sts,
    mxs,
    policies,
    signature,
    smtp,
    starttls,
    tlsrpt,
)
from stpolicy.rules import tls as versions
from stpolicy.rules.certificate import chain
from stpolicy.rules.certificate import names as presented
from stpolicy.rules.mx import names, reach, records
from stpolicy.rules.postfix import maps, order, tls, ways

LIST: tuple[Rule[Candidate], ...] = (
    dates.reversed_dates,
    dates.future,
    dates.stale,
    dates.long_life,
    dates.short_life,
    policies.malformed_name,
    policies.not_canonical_name,
    policies.confusable_name,
    policies.public_suffix_name,
    policies.duplicate,
    policies.unknown_alias,
    policies.chained_alias,
    policies.unused_alias,
    policies.malformed_alias,
    policies.single_use_alias,
    mxs.malformed_pattern,
    mxs.public_suffix_pattern,
    mxs.shared_provider,
    mxs.not_canonical_pattern,
    mxs.redundant_pattern,
    mxs.too_many_patterns,
)
"""`validate`: a working copy."""

PREVIOUS: tuple[Rule[Candidate], ...] = (
    history.rolled_back,
    history.removed_domain,
    history.mass_removed,
    history.weakened,
    history.strengthened,
    history.mass_strengthened,
    history.widened,
    history.narrowed,
    history.replaced,
    history.retargeted_alias,
    history.dates_edited,
)
"""`validate --previous`: a working copy and the list before it."""

DATES: tuple[Rule[Candidate], ...] = (
    dates.reversed_dates,
    dates.future,
    dates.long_life,
    dates.short_life,
)
"""`sign`, of the dates that it will put under its signature."""

CONTENT: tuple[Rule[Candidate], ...] = (
    policies.malformed_name,
    policies.duplicate,
    policies.unknown_alias,
    policies.chained_alias,
    policies.unused_alias,
    policies.malformed_alias,
    policies.single_use_alias,
    mxs.malformed_pattern,
    mxs.public_suffix_pattern,
)
"""`sign`, of the list as it was written."""

SIGN: tuple[Rule[Candidate], ...] = (*DATES, *CONTENT)
"""Errors keep a list from being signed, and `publish` from publishing it."""

SIGNATURE: tuple[Rule[Signatures], ...] = (
    signature.malformed,
    signature.bad,
    signature.unknown_signer,
    signature.bad_key,
    signature.threshold,
    signature.future,
    signature.clock,
    signature.weak_digest,
    signature.extra_data,
)
"""Whether the bytes are to be believed; asked before anything in them is."""

INSTALL: tuple[Rule[Candidate], ...] = (
    dates.reversed_dates,
    dates.future,
    dates.expired,
    policies.duplicate_by_case,
    policies.unknown_alias,
    policies.chained_alias,
    history.rolled_back,
)
"""Clients, on a list whose signature they trust. None depends on tables that a library may change."""

SERVER: tuple[Rule[Observed], ...] = (
    records.nxdomain,
    records.no_data,
    records.dns_error,
    records.unseen_addresses,
    records.null,
    records.none,
    records.implicit,
    records.too_many,
    records.ip_literal,
    records.alias,
    names.unlisted,
    names.unused_pattern,
    reach.port_blocked,
    reach.all_unreachable,
    reach.unreachable,
    reach.not_global,
    smtp.temporary,
    smtp.time_out,
    smtp.not_smtp,
    smtp.oversized_reply,
    starttls.not_offered,
    starttls.stripped,
    starttls.refused,
    starttls.plaintext_injected,
    starttls.handshake_failed,
    chain.expired,
    chain.not_yet_valid,
    chain.self_signed,
    chain.untrusted,
    chain.incomplete_chain,
    chain.wrong_purpose,
    chain.weak,
    presented.name_mismatch,
    presented.mx_mismatch,
    presented.common_name_only,
    presented.expires_soon,
    versions.too_old,
    versions.obsolete,
    versions.weak_cipher,
    versions.old_too,
    mta_sts.absent,
    mta_sts.testing,
    mta_sts.invalid,
    mta_sts.unreachable,
    mta_sts.conflict,
    tlsrpt.absent,
    tlsrpt.invalid,
    dane.absent,
    dane.insecure,
    dane.unusable,
    dane.mismatch,
    look.internal_error,
)
"""`check`, of what was seen of a domain's mail servers."""

INCONCLUSIVE = frozenset(rule.code for rule in SERVER if rule.inconclusive)
"""Codes that say that we could not look: a domain has not failed for them, and has not passed."""

POSTFIX: tuple[Rule[MailServer], ...] = (
    tls.level_none,
    tls.no_ca,
    maps.map_missing,
    maps.map_stale,
    maps.map_too_new,
    maps.map_type,
    order.map_order,
    order.map_shadowed,
    ways.relayhost,
    ways.fallback_relay,
    ways.transport,
    ways.override,
    ways.tls_required,
    tls.smtputf8,
    tls.loglevel,
    tls.unverified,
)
"""`doctor`, of a Postfix."""

STATUS: tuple[Rule[StateFolder], ...] = (
    install.stale,
    install.no_cron,
    install.modes,
    install.signer_unset,
    install.changed_map,
)
"""`doctor`, of the list's folder on a mail server."""

WATCHED: tuple[Rule[StateFolder], ...] = (
    install.stale,
    install.no_cron,
    install.modes,
    install.changed_map,
)
"""`status`: without the settings, which whoever watches need not be able to read."""

DOCTOR: tuple[Rule[Any], ...] = (*POSTFIX, *STATUS)
"""`doctor`."""

ALL: tuple[Rule[Any], ...] = (
    *LIST,
    dates.expired,
    *PREVIOUS,
    *SIGNATURE,
    *SERVER,
    *DOCTOR,
)
"""Every rule once, in the order of the documentation."""


def judge(rules: Iterable[Rule[S]], subject: S) -> Iterator[tuple[str, Severity, Problem]]:
    """Asks the rules one after the other; what each one sees, with its code and severity."""
    for rule in rules:
        for problem in rule.judge(subject):
            yield rule.code, rule.severity, problem
