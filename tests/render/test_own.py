"""A site's own part of a map, read back from its text."""

import pytest

from stpolicy.render.own import own_part

ROW = "b.com secure match=mx.b.com protocols=>=TLSv1.2"
OWN, LISTED = "# decided here:", "# from the list:"


@pytest.mark.parametrize("more", ["", " ciphers=high", " policy_type=sts policy_domain=b.com"])
def test_what_stands_between_the_comments(more: str) -> None:
    text = "\n".join(
        ["# made by", OWN, "# b.com: policy by o.json: from the list:", f"{ROW}{more}", LISTED, ""]
    )
    found = own_part(f"{text}a.com secure match=mx.a.com\n")
    assert (found.rows, found.overlay) == ([f"{ROW}{more}"], 1)
    assert own_part("\n".join(found.lines)) == found


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [ROW],
        [OWN, ROW],
        [ROW, LISTED],
        [LISTED, ROW, OWN],
        [OWN, OWN, ROW, LISTED],
        [OWN, ROW, LISTED, LISTED],
        [OWN, ROW, ROW, LISTED],
        [OWN, ROW, " more", LISTED],
        [OWN, "\tmore", LISTED],
        [OWN, "b.com", LISTED],
        [OWN, "b.com may", LISTED],
        [OWN, f"{ROW}\r", LISTED],
        [OWN, f"{ROW}\0", LISTED],
        [OWN, "b\udcff.com secure match=x", LISTED],
    ],
)
def test_what_is_laid_out_in_another_way_has_none(lines: list[str]) -> None:
    found = own_part("\n".join([*lines, ""]))
    assert (found.rows, found.overlay) == ([], 0)
