"""What the rendered lines rely on: how a real Postfix reads them, and what it then does with mail."""

import os
import re

import pytest

from tests.lab.room import SUFFIX, ZONE, Lab, at, mx

GOOD, WRONG, DEEP, CLEAR, EXPIRED, ALONE, OLD, BOTH = map(
    at, ("good", "wrong", "deep", "clear", "expired", "alone", "old", "both")
)
EVERY = (GOOD, WRONG, DEEP, CLEAR, EXPIRED, ALONE, OLD, BOTH)
U_LABEL, A_LABEL = at("bücher"), at("xn--bcher-kva")
NEWER = "protocols=>=TLSv1.2"
OLDER = "protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1"


def row(domain: str, *patterns: str, protocols: str = NEWER) -> str:
    """The line that stpolicy writes for a domain."""
    return f"{domain} secure match={':'.join(patterns)} servername=hostname {protocols}"


@pytest.mark.parametrize("domain", EVERY)
def test_a_domain_without_a_row_is_delivered_whatever_its_server_shows(lab: Lab, domain: str) -> None:
    """An empty table is no fault; a domain that is testing has no row."""
    assert lab.deliver(f"u@{domain}").status == "sent"
    lab.policy(row(at("another"), mx("one")))
    delivery = lab.deliver(f"u@{domain}")
    assert (delivery.status, delivery.verified) == ("sent", False)


@pytest.mark.parametrize("pattern", [mx("one"), SUFFIX, mx("ONE")])
@pytest.mark.parametrize("protocols", [NEWER, OLDER])
def test_a_right_certificate_is_verified(lab: Lab, pattern: str, protocols: str) -> None:
    lab.policy(row(GOOD, "mx.other.net", pattern, protocols=protocols))
    delivery = lab.deliver(f"u@{GOOD}")
    assert (delivery.status, delivery.dsn, delivery.verified) == ("sent", "2.0.0", True)
    assert delivery.host == mx("one")
    assert delivery.received
    assert delivery.received.recipient == f"u@{GOOD}"
    assert delivery.received.version == "TLSv1.3"


@pytest.mark.parametrize(
    ("domain", "host", "dsn", "reason"),
    [
        (WRONG, mx("two"), "4.7.5", "num=62:"),
        (EXPIRED, mx("expired"), "4.7.5", "certificate has expired"),
        (ALONE, mx("alone"), "4.7.5", "self-signed certificate"),
        (CLEAR, mx("clear"), "4.7.4", "TLS is required, but was not offered"),
        (OLD, mx("old"), "4.7.5", "Cannot start TLS"),
    ],
)
def test_a_server_that_does_not_do_what_was_promised_gets_nothing(
    lab: Lab, domain: str, host: str, dsn: str, reason: str
) -> None:
    lab.policy(row(domain, host))
    delivery = lab.deliver(f"u@{domain}")
    assert (delivery.status, delivery.dsn, delivery.verified) == ("deferred", dsn, False)
    assert delivery.logged(reason)
    assert (delivery.host, delivery.received) == (host, None)


def test_the_next_server_is_tried(lab: Lab) -> None:
    lab.policy(row(BOTH, SUFFIX))
    delivery = lab.deliver(f"u@{BOTH}")
    assert delivery.logged("num=62:")
    assert (delivery.status, delivery.host, delivery.verified) == ("sent", mx("one"), True)


@pytest.mark.parametrize(
    ("pattern", "status"),
    [
        (SUFFIX, "sent"),  # two labels deep: wider than the list's one
        (mx("a.b"), "sent"),
        (mx("b"), "deferred"),
        (f"*{SUFFIX}", "deferred"),  # taken literally
        (f"{mx('a.b')}.", "deferred"),
    ],
)
def test_how_far_a_pattern_reaches(lab: Lab, pattern: str, status: str) -> None:
    lab.policy(row(DEEP, pattern))
    assert lab.deliver(f"u@{DEEP}").status == status


@pytest.mark.parametrize("protocols", [NEWER, OLDER])
def test_tls_1_1_is_refused_only_by_the_protocols(lab: Lab, protocols: str) -> None:
    lab.policy(row(OLD, mx("old"), protocols=""))
    delivery = lab.deliver(f"u@{OLD}")
    assert delivery.received
    assert (delivery.status, delivery.received.version) == ("sent", "TLSv1.1")
    lab.policy(row(OLD, mx("old"), protocols=protocols))
    assert lab.deliver(f"u@{OLD}").status == "deferred"


@pytest.mark.parametrize(("attribute", "asked"), [("", None), (" servername=hostname", mx("one"))])
def test_a_server_name_is_asked_for_only_with_the_attribute(
    lab: Lab, attribute: str, asked: str | None
) -> None:
    lab.policy(f"{GOOD} secure match={mx('one')}{attribute}")
    delivery = lab.deliver(f"u@{GOOD}")
    assert delivery.received
    assert (delivery.verified, delivery.received.server_name) == (True, asked)


def test_only_the_certificate_is_looked_at_not_the_name_of_the_server(lab: Lab) -> None:
    """Whoever forges the MX record needs a certificate that fits, but may call the server as he likes."""
    lab.policy(row(WRONG, at("other")))
    delivery = lab.deliver(f"u@{WRONG}")
    assert (delivery.status, delivery.host, delivery.verified) == ("sent", mx("two"), True)


@pytest.mark.parametrize("word", ["hostname", "HostName"])
def test_a_keyword_as_a_pattern_trusts_the_name_that_dns_gave(lab: Lab, word: str) -> None:
    lab.policy(row(GOOD, "mx.other.net"))
    assert lab.deliver(f"u@{GOOD}").status == "deferred"
    lab.policy(row(GOOD, "mx.other.net", word))
    assert lab.deliver(f"u@{GOOD}").status == "sent"


def test_a_top_level_domain_as_a_pattern_takes_everybody_in_it(lab: Lab) -> None:
    lab.policy(row(WRONG, ".net"))
    assert lab.deliver(f"u@{WRONG}").status == "sent"


@pytest.mark.parametrize(
    "value",
    [
        "secure match=",
        f"secure match={mx('one')} # a remark",
        f"secure match={mx('one')} unheard-of=1",
        f"secure match={mx('one')} protocols=1.2",
        f"safe match={mx('one')}",
        "secure",  # means the next hop's own name
    ],
)
def test_a_row_that_is_not_understood_defers_its_own_domain(lab: Lab, value: str) -> None:
    lab.policy(f"{GOOD} {value}", row(BOTH, SUFFIX))
    assert (lab.deliver(f"u@{GOOD}").dsn, lab.deliver(f"u@{BOTH}").status) == ("4.7.5", "sent")


def test_the_exact_profile_defers_on_a_postfix_that_does_not_know_it(lab: Lab) -> None:
    """Known from 3.10.5 on, where it takes exactly one label."""
    found = re.match(r"(\d+)\.(\d+)\.?(\d*)", lab.run(["postconf", "-h", "mail_version"]).stdout)
    assert found
    known = tuple(int(part or 0) for part in found.groups()) >= (3, 10, 5)
    for domain, status in ((GOOD, "sent" if known else "deferred"), (DEEP, "deferred")):
        exact = f"policy_type=sts policy_domain={domain} mx_host_pattern=*{SUFFIX}"
        lab.policy(f"{row(domain, SUFFIX)} {exact}")
        assert lab.deliver(f"u@{domain}").status == status


def test_an_internationalised_domain_needs_its_other_key(lab: Lab) -> None:
    """The key is what the sender typed, were it only in another form; here a row that never fits."""
    never = "mx.other.net"
    lab.policy(row(A_LABEL, never))
    assert lab.deliver(f"u@{A_LABEL}").status == "deferred"
    assert lab.deliver(f"u@{U_LABEL}").status == "sent"
    lab.policy(row(A_LABEL, never), row(U_LABEL, never))
    assert lab.deliver(f"u@{U_LABEL}").status == "deferred"
    assert lab.deliver(f"u@{U_LABEL.upper()}").status == "deferred"
    lab.main_cf(smtputf8_enable="no")
    lab.policy(row(U_LABEL, never))
    assert lab.deliver(f"u@{A_LABEL}").status == "sent"


@pytest.mark.parametrize("typed", [GOOD.upper(), f"{GOOD}."])
def test_a_key_is_found_however_the_domain_was_typed(lab: Lab, typed: str) -> None:
    lab.policy(row(GOOD, "mx.other.net"))
    assert lab.deliver(f"u@{typed}").status == "deferred"


@pytest.mark.parametrize(("key", "status"), [(ZONE, "sent"), (f".{ZONE}", "deferred")])
def test_only_a_key_with_a_dot_covers_what_is_below_it(lab: Lab, key: str, status: str) -> None:
    """Hence no domain of a list may begin with a dot."""
    lab.policy(row(key, "mx.other.net"))
    assert lab.deliver(f"u@{GOOD}").status == status


@pytest.mark.parametrize("kind", ["lmdb", "hash", "unheard-of"])
def test_a_table_that_is_missing_defers_all_mail(lab: Lab, kind: str) -> None:
    """So a list that has run out becomes a table without its rows, never no table."""
    lab.main_cf(smtp_tls_policy_maps=f"{kind}:{lab.map_path}-missing")
    for domain in (GOOD, CLEAR):
        delivery = lab.deliver(f"u@{domain}")
        assert (delivery.status, delivery.dsn, delivery.received) == ("deferred", "4.7.5", None)


def test_without_authorities_no_row_can_be_kept(lab: Lab) -> None:
    lab.policy(row(GOOD, mx("one")))
    lab.main_cf(smtp_tls_CAfile="")
    assert lab.deliver(f"u@{GOOD}").dsn == "4.7.5"


def test_without_a_level_what_has_no_row_goes_in_clear(lab: Lab) -> None:
    lab.policy(row(BOTH, SUFFIX))
    lab.main_cf(smtp_tls_security_level="")
    sent = [lab.deliver(f"u@{domain}").received for domain in (GOOD, BOTH)]
    assert [mail.tls for mail in sent if mail] == [False, True]


@pytest.mark.parametrize(
    "bypass",
    [
        {"relayhost": f"[{mx('one')}]"},
        {"transport_maps": f"inline:{{{WRONG}=smtp:[{mx('one')}]}}"},
        {"sender_dependent_default_transport_maps": f"inline:{{<>=smtp:[{mx('one')}]}}"},
        {"smtp_fallback_relay": f"[{mx('clear')}]"},
    ],
    ids=lambda bypass: next(iter(bypass)),
)
def test_what_bypasses_a_row(lab: Lab, bypass: dict[str, str]) -> None:
    lab.policy(row(WRONG, mx("two")))
    assert lab.deliver(f"u@{WRONG}").status == "deferred"
    lab.main_cf(**bypass)
    delivery = lab.deliver(f"u@{WRONG}")
    assert (delivery.status, delivery.verified) == ("sent", False)


def test_the_first_table_that_has_the_key_decides(lab: Lab) -> None:
    other = lab.map_path.with_name("other")
    other.write_text(f"{WRONG} may\n")
    os.utime(other, (0, 0))
    lab.policy(row(WRONG, mx("two")))
    for maps, status in (
        (f"{lab.table} texthash:{other}", "deferred"),
        (f"texthash:{other} {lab.table}", "sent"),
    ):
        lab.main_cf(smtp_tls_policy_maps=maps)
        assert lab.deliver(f"u@{WRONG}").status == status


@pytest.mark.parametrize(
    ("host", "pattern", "verified"),
    [
        (mx("one"), mx("one"), True),
        (mx("one"), SUFFIX, True),
        (mx("two"), mx("two"), False),
        (mx("expired"), mx("expired"), False),
        (mx("alone"), mx("alone"), False),
        (mx("clear"), mx("clear"), False),
        (mx("a.b"), SUFFIX, True),
        (mx("nobody"), mx("nobody"), False),
    ],
)
def test_posttls_finger_says_verified_and_nothing_by_its_exit_code(
    lab: Lab, host: str, pattern: str, verified: bool
) -> None:
    done = lab.finger(host, pattern)
    assert done.returncode == 0
    assert ("Verified TLS connection established" in done.stdout + done.stderr) is verified
