"""What `check` has seen, as `--facts` reads it."""

import pytest

from stpolicy.document import results
from stpolicy.errors import Misuse
from stpolicy.model.facts import DomainFacts

RESULT = """{"domain": "A.com", "status": 0, "results": {"MX.a.com.": {}, "bad host": {}},
 "mta_sts": {"status": 0, "mode": "enforce", "mxs": ["*.a.com", "mx.a.com"]},
 "extra_results": {"dane": {"status": 0, "usable": true}}}""".replace("\n", "")


def test_domain_results() -> None:
    facts = results.facts(f"\n{RESULT}\n".encode(), "f")
    assert facts == {"a.com": DomainFacts(("mx.a.com",), True, frozenset({".a.com", "mx.a.com"}))}


@pytest.mark.parametrize(
    ("old", "new"),
    [('"mode": "enforce"', '"mode": "testing"'), ('"mta_sts": {"status": 0', '"mta_sts": {"status": 1')],
)
def test_domain_results_without_a_policy_that_is_enforced(old: str, new: str) -> None:
    (facts,) = results.facts(RESULT.replace(old, new).encode(), "f").values()
    assert facts.enforced_mxs is None


@pytest.mark.parametrize(
    "line", ["x", "[]", "7", "{}", '{"domain": "a.com"}', '{"domain": 7, "results": {}}', "{" * 3000, "\xff"]
)
def test_what_is_no_domain_result(line: str) -> None:
    with pytest.raises(Misuse, match="f:2"):
        results.facts(f"{RESULT}\n{line}\n".encode("latin-1"), "f")
