"""Tables of Postfix: how their names are read, what is asked of them, what they answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.model.table import Table, TlsPolicy, tables, transport_keys


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        (" ,\t, ", []),
        ("hash:/a", ["hash:/a"]),
        ("hash:/a,cdb:/b  lmdb:/c", ["hash:/a", "cdb:/b", "lmdb:/c"]),
        ("inline:{a=b, {c = d, e}} hash:/a", ["inline:{a=b, {c = d, e}}", "hash:/a"]),
        ("hash:/a}, hash:/b", ["hash:/a}", "hash:/b"]),
        ("hash:/a inline:{a=b, c=d ", ["hash:/a", "inline:{a=b, c=d"]),
        ("socketmap:inet:127.0.0.1:8461:postfix", ["socketmap:inet:127.0.0.1:8461:postfix"]),
        ("/etc/table", ["/etc/table"]),
    ],
)
def test_tables_in_a_value(value: str, expected: list[str]) -> None:
    assert [str(table) for table in tables(value)] == expected


_words = st.from_regex(r"[a-z]{1,5}:/?[a-z./]{1,8}|inline:\{[a-z=, ]{0,8}\}", fullmatch=True)


@given(st.lists(_words), st.lists(st.sampled_from([" ", ",", ", ", "\t", " , "]), min_size=1))
def test_each_table_is_found_again_however_they_are_parted(words: list[str], separators: list[str]) -> None:
    value = "".join(f"{word}{separators[n % len(separators)]}" for n, word in enumerate(words))
    assert [str(table) for table in tables(value)] == words


@given(st.text(max_size=40))
def test_any_value_is_read(value: str) -> None:
    for table in tables(value):
        assert str(table) in value
        assert list(table.kinds)
        assert table.direct.kind not in ("proxy", "debug")


@pytest.mark.parametrize(
    ("text", "direct", "kinds", "file"),
    [
        ("hash:/a", "hash:/a", ["hash"], "/a.db"),
        ("btree:/a", "btree:/a", ["btree"], "/a.db"),
        ("proxy:cdb:/a", "cdb:/a", ["proxy", "cdb"], "/a.cdb"),
        ("proxy:debug:lmdb:/a", "lmdb:/a", ["proxy", "debug", "lmdb"], "/a.lmdb"),
        ("texthash:/a", "texthash:/a", ["texthash"], "/a"),
        ("static:may", "static:may", ["static"], None),
        ("/a", "/a", [""], None),
        ("proxy:/a", "/a", ["proxy", ""], None),
    ],
)
def test_a_table(text: str, direct: str, kinds: list[str], file: str | None) -> None:
    table = Table.read(text)
    assert str(table) == text
    assert str(table.direct) == direct
    assert list(table.kinds) == kinds
    assert table.direct.file == file


@pytest.mark.parametrize(
    ("value", "level", "patterns", "attributes"),
    [
        (
            "secure match=mx.a.com:.b.com servername=hostname protocols=>=TLSv1.2",
            "secure",
            ("mx.a.com", ".b.com"),
            {"servername": "hostname", "protocols": ">=TLSv1.2"},
        ),
        ("secure match=a.com, match=b.com", "secure", ("a.com", "b.com"), {}),
        (" dane-only ", "dane-only", (), {}),
        ("secure match=", "secure", (), {}),
        ("", "", (), {}),
    ],
)
def test_a_policy(value: str, level: str, patterns: tuple[str, ...], attributes: dict[str, str]) -> None:
    assert TlsPolicy.read(value) == TlsPolicy(level, patterns, attributes)


STS = "policy_type=sts policy_domain=a.com mx_host_pattern=mx.a.com mx_host_pattern=*.b.com"


def test_a_policy_keeps_every_pattern_for_names_of_hosts() -> None:
    found = TlsPolicy.read(f"secure match=mx.a.com:.b.com {STS}")
    assert (found.mx_patterns, found.binds_hosts) == (("mx.a.com", "*.b.com"), True)


@pytest.mark.parametrize(
    "value",
    [
        "secure match=mx.a.com",
        f"secure {STS}",
        f"secure match=mx.a.com {STS.replace('=sts', '=no-policy-found')}",
        "secure match=mx.a.com policy_type=sts",
    ],
)
def test_rows_that_bind_no_name_of_a_host(value: str) -> None:
    """Tried on 3.10.13 and 3.11.7: without `match`, or of another type, the patterns are not looked at."""
    assert not TlsPolicy.read(value).binds_hosts


@given(st.text(max_size=60))
def test_any_answer_is_read(value: str) -> None:
    policy = TlsPolicy.read(value)
    assert "" not in policy.patterns


def test_what_transport_maps_are_asked() -> None:
    assert list(transport_keys("a.b.com")) == ["postmaster@a.b.com", "a.b.com", ".b.com", ".com", "*"]
    assert list(transport_keys("a.b.com", dotless=True))[2:] == ["b.com", "com", "*"]
    assert list(transport_keys("com")) == ["postmaster@com", "com", "*"]
