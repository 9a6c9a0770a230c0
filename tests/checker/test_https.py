"""What a look at a domain's MTA-STS sees: answers of every kind (H20-H22 and hostile servers)."""

import pytest

from stpolicy.model.mta_sts import LARGEST
from stpolicy.model.observation import Dns, Fault, Step, StsObservation
from tests import webserver
from tests.checker.policy_look import DOMAIN, HOST, PATH, PLAIN, POLICY, Look, ended


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    joined = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return webserver.answer("200 OK", joined + b"0\r\n\r\n", "Transfer-Encoding: chunked", PLAIN)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(webserver.ok(POLICY, PLAIN), id="length"),
        pytest.param(chunked(POLICY, 7), id="chunked"),
        pytest.param(webserver.ending(webserver.answer("200 OK", POLICY, PLAIN)), id="to the end"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n" + webserver.ok(POLICY, PLAIN), id="hints before"),
        pytest.param(webserver.silence(webserver.ok(POLICY, PLAIN)), id="kept open"),
    ],
)
def test_a_policy_is_fetched(look: Look, said: webserver.Answer) -> None:
    seen = look(said)
    assert seen == StsObservation(seen.record, 200, "text/plain", POLICY)
    assert seen.record.values == ("v=STSv1; id=1;",)


def test_the_request_is_for_the_host_and_takes_no_encoding(look: Look) -> None:
    look(webserver.ok(POLICY))
    (request,) = look.server.requests
    assert request.startswith(f"GET {PATH} HTTP/1.1\r\n")
    assert f"\r\nHost: {HOST}:{look.port}\r\n" in request
    assert "\r\nAccept-Encoding: identity\r\n" in request


def test_an_internationalised_domain_is_asked_for_by_its_a_labels(look: Look) -> None:
    seen = look(domain="STRAßE.de")
    assert seen.record.how is Dns.NXDOMAIN
    assert look.asked == [("_mta-sts.xn--strae-oqa.de", "TXT")]


@pytest.mark.parametrize(
    "records", [["v=STSv10; id=1"], ["v=STSv1; id=1", "v=STSv1; id=2"], ["v=STSv1"], ["x"]]
)
def test_h27_without_one_right_record_nothing_is_fetched(look: Look, records: list[str]) -> None:
    look.records = records
    seen = look(webserver.ok(POLICY))
    assert seen == StsObservation(seen.record)
    assert not look.server.requests
    assert look.asked == [(f"_mta-sts.{DOMAIN}", "TXT")]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_h20_a_redirect_is_not_followed(look: Look, status: str) -> None:
    look.server.answers["/elsewhere"] = webserver.ok(POLICY)
    seen = look(webserver.answer(status, b"", "Location: /elsewhere", "Content-Length: 0"))
    assert (seen.status, seen.body, seen.ended) == (int(status[:3]), b"", None)
    assert len(look.server.requests) == 1


def test_the_body_of_another_status_is_not_read(look: Look) -> None:
    seen = look(webserver.endless(webserver.answer("404 Not Found", b"")))
    assert (seen.status, seen.body, seen.ended) == (404, b"", None)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(webserver.ok(b"x" * (LARGEST + 2)), id="length"),
        pytest.param(webserver.endless(webserver.answer("200 OK", b"")), id="endless"),
        pytest.param(chunked(b"x" * (LARGEST + 2), 16), id="small chunks"),
    ],
)
def test_h21_of_a_huge_body_one_byte_more_is_read_than_a_policy_has(
    look: Look, said: webserver.Answer
) -> None:
    seen = look(said)
    assert (len(seen.body), seen.ended) == (LARGEST + 1, None)


def test_h21_the_largest_policy_is_read_whole(look: Look) -> None:
    assert len(look(webserver.ok(b"x" * LARGEST)).body) == LARGEST


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(webserver.drip(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"), id="head"),
        pytest.param(webserver.drip(b"", b"H"), id="status line"),
        pytest.param(webserver.drip(webserver.answer("200 OK", b""), b"x"), id="body"),
        pytest.param(
            webserver.drip(b"HTTP/1.1 103 Hints\r\n\r\n", b"HTTP/1.1 103 Hints\r\n\r\n"), id="hints"
        ),
        pytest.param(webserver.silence(), id="silence"),
        pytest.param(webserver.silence(webserver.answer("200 OK", POLICY, "Content-Length: 999")), id="half"),
    ],
)
def test_h21_a_slow_answer_ends_at_the_deadline(look: Look, said: webserver.Answer) -> None:
    assert ended(look(said, timeout=2)) == (Step.REQUEST, Fault.TIME_OUT)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        pytest.param(webserver.answer("200 OK", POLICY, PLAIN), Fault.CLOSED, id="cut without close_notify"),
        pytest.param(
            webserver.answer("200 OK", POLICY, "Content-Length: 999"), Fault.CLOSED, id="shorter than told"
        ),
        pytest.param(chunked(POLICY, 7)[:-5], Fault.CLOSED, id="without the last chunk"),
        pytest.param(b"", Fault.CLOSED, id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: ", Fault.CLOSED, id="half a head"),
        pytest.param(b"220 mx.example.org ESMTP\r\n\r\n", Fault.NOT_SMTP, id="SMTP"),
        pytest.param(b"\0\x1b[2J" * 99 + b"\r\n\r\n", Fault.NOT_SMTP, id="garbage"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", Fault.NOT_SMTP, id="NUL"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            Fault.NOT_SMTP,
            id="two lengths",
        ),
        pytest.param(
            webserver.answer("200 OK", b"", "Transfer-Encoding: gzip, chunked"),
            Fault.NOT_SMTP,
            id="transfer encoding",
        ),
        pytest.param(webserver.endless(b"HTTP/1.1 200 OK\r\nA: "), Fault.OVERSIZED, id="endless line"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 9999, Fault.OVERSIZED, id="endless head"),
        pytest.param(b"HTTP/1.1 103 Hints\r\n\r\n" * 9999, Fault.OVERSIZED, id="endless hints"),
        pytest.param(
            webserver.answer("200 OK", b"1;" + b"x" * 99999, "Transfer-Encoding: chunked"),
            Fault.OVERSIZED,
            id="extension",
        ),
    ],
)
def test_an_answer_that_is_none_is_told_as_what_it_is(
    look: Look, said: webserver.Answer, fault: Fault
) -> None:
    assert ended(look(said)) == (Step.REQUEST, fault)


def test_h22_the_content_type_stands_as_it_came_but_printable(look: Look) -> None:
    seen = look(webserver.ok(POLICY, "Content-Type: text/\x80html; charset=UTF-7"))
    assert seen.content_type == "text/\\xc2\\x80html; charset=UTF-7"
