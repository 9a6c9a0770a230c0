"""diff: two lists to what changed."""

import pytest

from stpolicy.errors import Refused
from stpolicy.flows.diff import diff
from stpolicy.model.file import File
from tests import lists

OLD = File("old.json", lists.data({"example.com": lists.ONE_HOST}))


@pytest.mark.parametrize(
    ("new", "kinds", "fields"),
    [
        (OLD.data, [], []),
        (lists.data({"EXAMPLE.com.": lists.ONE_HOST}), [], []),
        (lists.data({"example.com": {"policy-alias": "a"}}, {"a": lists.ONE_HOST}), [], []),
        (lists.data({}), ["removed"], []),
        (lists.data({"example.com": lists.ONE_HOST}, author="x"), [], ["author"]),
        (lists.data({}, expires="2026-11-20T00:00:00Z"), ["removed"], ["expires"]),
    ],
    ids=["same", "otherwise written", "by an alias", "removed", "author", "both"],
)
def test_diff(new: bytes, kinds: list[str], fields: list[str]) -> None:
    found = diff(OLD, File("new.json", new), largest=1 << 20)
    assert [change.kind for change in found.changes] == kinds
    assert [change.field for change in found.fields] == fields
    assert found.any == bool(kinds or fields)


@pytest.mark.parametrize(
    "pair", [(OLD, File("broken.json", b"{")), (File("broken.json", b"{"), OLD)], ids=str
)
def test_either_list_must_be_one(pair: tuple[File, File]) -> None:
    with pytest.raises(Refused, match=r"broken\.json"):
        diff(*pair, largest=1 << 20)
