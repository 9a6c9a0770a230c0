"""What schemathesis is to take for a domain, and what OpenAPI has no words for."""

from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core import NotSet

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True).filter(
    lambda label: label[2:4] != "--"
)
DOMAINS = st.tuples(LABELS, st.sampled_from(["example.com", "xn--bcher-kva.de", "bücher.de", "ORG."])).map(
    ".".join
)

schemathesis.openapi.format("idn-hostname", DOMAINS)


@schemathesis.hook
def filter_case(_context: schemathesis.HookContext, case: "schemathesis.Case[Any]") -> bool:
    """A domain is named in the body or in the query: neither is wrong, and an empty form is no body."""
    if (case.method, case.path) != ("POST", "/api/scan") or not (
        isinstance(case.body, NotSet) or not case.body
    ):
        return True
    in_query = "domain" in (case.query or {})
    return in_query if isinstance(case.body, NotSet) else not in_query
