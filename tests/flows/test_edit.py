"""fmt and edits: bytes to bytes."""

import pytest

from stpolicy.errors import Refused
from stpolicy.flows.edit import edit, fmt
from stpolicy.model.edit import remove
from stpolicy.model.file import File
from stpolicy.model.policy import PolicyList
from tests import lists

LARGEST = 1 << 20
LOOSE = File("loose.json", lists.data())
CANONICAL = File("list.json", fmt(LOOSE, largest=LARGEST).after)


def unchanged(policies: PolicyList) -> PolicyList:
    return policies


def without(policies: PolicyList) -> PolicyList:
    return remove(policies, "example.com")


def test_an_edit_that_changes_nothing_differs_in_nothing() -> None:
    assert not edit(CANONICAL, unchanged, largest=LARGEST).differs


def test_an_edit_keeps_what_was_there_beside_what_comes() -> None:
    edited = edit(CANONICAL, without, largest=LARGEST)
    assert edited.differs
    assert edited.before is CANONICAL
    assert b"example.com" not in edited.after


@pytest.mark.parametrize("file", [LOOSE, File("crlf.json", CANONICAL.data.replace(b"\n", b"\r\n"))], ids=str)
def test_a_list_that_is_not_canonical_is_not_edited(file: File) -> None:
    with pytest.raises(Refused) as refused:
        edit(file, unchanged, largest=LARGEST)
    assert refused.value.mend == f"stpolicy fmt {file.name}"


def test_what_cannot_be_made_is_refused_in_its_own_words() -> None:
    with pytest.raises(Refused, match="not listed"):
        edit(CANONICAL, lambda policies: remove(policies, "b.com"), largest=LARGEST)


@pytest.mark.parametrize("name", ["EXAMPLE.com", "example.com."])
def test_two_entries_for_one_domain_are_refused(name: str) -> None:
    twice = File("x.json", lists.data({"example.com": lists.ONE_HOST, name: lists.ONE_HOST}))
    with pytest.raises(Refused):
        fmt(twice, largest=LARGEST)
    with pytest.raises(Refused):
        edit(twice, unchanged, largest=LARGEST)


def test_what_is_larger_than_allowed_is_refused() -> None:
    with pytest.raises(Refused, match="too_large"):
        fmt(LOOSE, largest=10)


@pytest.mark.parametrize("name", [".", "..", "a..", "..a"])
def test_what_is_no_name_stays_for_a_rule_to_name(name: str) -> None:
    file = File("x.json", lists.data({"example.com": {"mode": "testing", "mxs": [name, "b.example.com."]}}))
    once = fmt(file, largest=LARGEST).after
    assert f'"{name}"'.encode() in once
    assert b'"b.example.com"' in once
    assert fmt(File("x.json", once), largest=LARGEST).after == once
