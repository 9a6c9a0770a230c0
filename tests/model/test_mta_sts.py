"""The MTA-STS policy text (RFC 8461 section 3.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.model.mta_sts import LARGEST, StsPolicy, parse

GOOD = b"version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: *.example.net\nmax_age: 604800\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD, id="lf"),
        pytest.param(GOOD.replace(b"\n", b"\r\n"), id="crlf"),
        pytest.param(GOOD.rstrip(), id="no newline at the end"),
        pytest.param(GOOD.replace(b": ", b" :\t"), id="white space"),
        pytest.param(GOOD + b"new-field: a: b\n", id="unknown field with a colon"),
        pytest.param(GOOD + b"mode: none\n", id="H23 the first of a repeated key wins"),
        pytest.param(GOOD + b"mx: MX1.Example.COM\n", id="repeated host"),
    ],
)
def test_accepted(data: bytes) -> None:
    assert parse(data) == StsPolicy("enforce", 604800, ("mx1.example.com", ".example.net"))


def test_mode_none_needs_no_mx() -> None:
    assert parse(b"version: STSv1\nmode: none\nmax_age: 86400") == StsPolicy("none", 86400, ())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(GOOD.replace(b"STSv1", b"STSv10"), id="H27 version"),
        pytest.param(GOOD.replace(b"enforce", b"enforced"), id="mode"),
        pytest.param(GOOD.replace(b"mode: enforce\n", b""), id="no mode"),
        pytest.param(GOOD.replace(b"enforce", b"enforce\x0cmode: none"), id="H24 form feed"),
        pytest.param(GOOD.replace(b"enforce\n", "enforce\u2028mode: none\n".encode()), id="H24 U+2028"),
        pytest.param(GOOD.replace(b"604800", b"1_000"), id="H25 underscore"),
        pytest.param(GOOD.replace(b"604800", "٦٠".encode()), id="H25 Arabic digits"),
        pytest.param(GOOD.replace(b"604800", b"+5"), id="H25 sign"),
        pytest.param(GOOD.replace(b"604800", b"31557601"), id="max_age too long"),
        pytest.param(GOOD.replace(b"max_age: 604800\n", b""), id="no max_age"),
        pytest.param(b"version: STSv1\nmode: testing\nmax_age: 1\n", id="no mx"),
        pytest.param(GOOD.replace(b"mx1.example.com", b"mx1 example.com"), id="H26 two hosts in one mx"),
        pytest.param(GOOD.replace(b"mx1.example.com", b"*.*.example.com"), id="H26 inner wildcard"),
        pytest.param(GOOD.replace(b"*.example.net", b".example.net"), id="suffix of a list"),
        pytest.param(GOOD.replace(b"*.example.net", b"*"), id="bare wildcard"),
        pytest.param(GOOD.replace(b"*.example.net", b"*mx.example.net"), id="partial wildcard"),
        pytest.param(GOOD + b"no field\n", id="line without a colon"),
        pytest.param(GOOD + b"\nx: y\n", id="empty line"),
        pytest.param(GOOD + b"x: \xff\n", id="not UTF-8"),
        pytest.param(GOOD + b"x: " + b"y" * LARGEST, id="H21 too large"),
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(data)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    try:
        parse(data)
    except ValueError:
        return
