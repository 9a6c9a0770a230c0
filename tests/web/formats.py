"""What schemathesis is to take for a domain: a name that the service looks at."""

import schemathesis
from hypothesis import strategies as st

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True).filter(
    lambda label: label[2:4] != "--"
)
DOMAINS = st.tuples(LABELS, st.sampled_from(["example.com", "xn--bcher-kva.de", "bücher.de", "ORG."])).map(
    ".".join
)

schemathesis.openapi.format("idn-hostname", DOMAINS)
