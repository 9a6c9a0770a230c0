"""The TXT record of TLSRPT (RFC 8460 section 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.model.tlsrpt import record
from stpolicy.model.txt import Absent

MAIL, WEB = "mailto:tls@example.org", "https://example.org/v1/tlsrpt?a=b"


@pytest.mark.parametrize(
    ("text", "uris"),
    [
        (f"v=TLSRPTv1; rua={MAIL}", (MAIL,)),
        (f"v=TLSRPTv1;rua={WEB};", (WEB,)),
        (f"v=TLSRPTv1 ; rua={MAIL} , {WEB} ;", (MAIL, WEB)),
        (f"v=TLSRPTv1; x=y; rua={MAIL},{WEB}; z=1", (MAIL, WEB)),
        ("v=TLSRPTv1; rua=mailto:a%2Cb@example.org", ("mailto:a%2Cb@example.org",)),
    ],
)
def test_accepted(text: str, uris: tuple[str, ...]) -> None:
    assert record([text]) == uris


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param("", id="nothing"),
        pytest.param("; x=y", id="no rua"),
        pytest.param("; rua=", id="empty"),
        pytest.param("; rua=tls@example.org", id="no scheme"),
        pytest.param("; rua=http://example.org/", id="without TLS"),
        pytest.param("; rua=https://", id="no host"),
        pytest.param("; rua=https:///path", id="no host but a path"),
        pytest.param("; rua=mailto:", id="no address"),
        pytest.param("; rua=mailto:@example.org", id="no mailbox"),
        pytest.param("; rua=mailto:tls@", id="no domain"),
        pytest.param(f"; rua={MAIL}!10m", id="exclamation point"),
        pytest.param(f"; rua={MAIL},", id="empty last"),
        pytest.param(f"; rua={MAIL} {WEB}", id="no comma"),
        pytest.param(f"; rua={MAIL}; rua={WEB}", id="twice"),
        pytest.param(f"; rua={MAIL}\n", id="newline"),
        pytest.param("; rua=mailto:ü@example.org", id="not ASCII"),
        pytest.param(f"; RUA={MAIL}", id="upper case"),
        pytest.param(f";; rua={MAIL}", id="empty field"),
        pytest.param(f"; rua={MAIL}; x=y z", id="space in an extension"),
        pytest.param(f"; rua={MAIL}; x", id="field without a value"),
        pytest.param(f"; rua={WEB}" + "x" * 4000 + "…", id="H7 cut"),
    ],
)
def test_refused(rest: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        record([f"v=TLSRPTv1{rest}"])
    assert not isinstance(refused.value, Absent)


@pytest.mark.parametrize("tag", ["v=TLSRPTv10", "v=tlsrptv1", " v=TLSRPTv1", "v=TLSRPTv1,"])
def test_what_only_resembles_a_record_is_none(tag: str) -> None:
    with pytest.raises(Absent):
        record([f"{tag}; rua={MAIL}"])
    assert record(["spf", f"{tag}; rua={MAIL}", f"v=TLSRPTv1; rua={WEB}"]) == (WEB,)


def test_with_two_records_none_counts() -> None:
    with pytest.raises(ValueError, match="2 times"):
        record([f"v=TLSRPTv1; rua={MAIL}"] * 2)


@given(
    st.lists(
        st.text(max_size=60) | st.text("rua=mailto:@x,; ", max_size=40).map("v=TLSRPTv1;".__add__), max_size=3
    )
)
def test_any_texts_give_uris_or_a_reason(values: list[str]) -> None:
    try:
        found = record(values)
    except ValueError as wrong:
        reason = str(wrong)
    else:
        reason = "-"
        assert found
        assert all(uri.startswith(("mailto:", "https://")) for uri in found)
    assert reason.isprintable()


ADDRESSES = st.from_regex(
    r"mailto:[a-z0-9.+]{1,20}@[a-z0-9.]{1,20}|https://[a-z0-9.]{1,20}/[a-z0-9=?]{0,20}", fullmatch=True
)


@given(st.lists(ADDRESSES, min_size=1, max_size=5), st.sampled_from([",", " , ", ",\t"]))
def test_every_right_record_gives_its_uris(uris: list[str], comma: str) -> None:
    assert record([f"v=TLSRPTv1; rua={comma.join(uris)}"]) == tuple(uris)
