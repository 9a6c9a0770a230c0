"""Records of TLSRPT and MTA-STS: what is one, and what is wrong with it."""

import pytest

from stpolicy.model import mta_sts, tlsrpt


@pytest.mark.parametrize(
    "text", ["v=TLSRPTv1; rua=mailto:a@example.com", "v=TLSRPTv1;rua=https://example.com/"]
)
def test_good(text: str) -> None:
    assert tlsrpt.is_one(text)
    assert len(tlsrpt.parse(text)) == 1


def test_addresses_are_several() -> None:
    text = "v=TLSRPTv1; x=1; rua=mailto:a@example.com, https://example.com/?r=1 ;"
    assert tlsrpt.parse(text) == ("mailto:a@example.com", "https://example.com/?r=1")


@pytest.mark.parametrize("text", ["v=TLSRPTv10; rua=mailto:a@example.com", "V=TLSRPTv1;", " v=TLSRPTv1;", ""])
def test_not_one(text: str) -> None:
    assert not tlsrpt.is_one(text)


@pytest.mark.parametrize(
    "text",
    [
        "v=TLSRPTv1",
        "v=TLSRPTv1; rua=",
        "v=TLSRPTv1; rua=a@example.com",
        "v=TLSRPTv1; rua=mailto:nobody",
        "v=TLSRPTv1; rua=http://example.com/",
        "v=TLSRPTv1; rua mailto:a@example.com",
        "v=TLSRPTv1; rua=mailto:a@example.com,",
        "v=TLSRPTv1; rua=mailto:a@example.com; rua=ftp://example.com/",
    ],
)
def test_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(has|says|sends|does)"):
        tlsrpt.parse(text)


@pytest.mark.parametrize(
    ("text", "one"),
    [("v=STSv1; id=1", True), ("v=STSv1;id=1;", True), ("v=STSv1", True), ("v=STSv10; id=1", False)],
)
def test_record_of_mta_sts(text: str, one: bool) -> None:
    assert mta_sts.is_record(text) is one


@pytest.mark.parametrize("name", ["1", "a" * 32])
def test_id(name: str) -> None:
    assert mta_sts.record_id(f"v=STSv1; x=y; id={name} ;") == name


@pytest.mark.parametrize("text", ["v=STSv1", "v=STSv1; id=", "v=STSv1; id=a b", f"v=STSv1; id={'a' * 33}"])
def test_id_is_needed(text: str) -> None:
    with pytest.raises(ValueError, match="has no id"):
        mta_sts.record_id(text)
