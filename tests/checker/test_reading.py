"""What reads bytes of peers, whatever they are: replies, answers to hellos, certificates."""

from contextlib import suppress
from datetime import timedelta
from typing import get_args

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given
from hypothesis import strategies as st

from stpolicy.checker.answer import Answer, Chosen, Word, answer, ssl2, ssl2_answer, versions, weak
from stpolicy.checker.certificates import Certificates
from stpolicy.checker.hello import WEAK, Version, hello, ssl2_hello, weak_hello
from stpolicy.checker.reply import LARGEST, LONGEST_LINE, MOST_LINES, NoReply, ReplyReader
from stpolicy.model.observation import OLD, Fault, Probe, Reply
from tests.checker.authority import HOST, party
from tests.lists import NOW

SERVER_HELLO = bytes.fromhex("160301 002A 02 000026 0301") + bytes(32) + bytes.fromhex("00 002F 00")
WARNING = bytes.fromhex("15 0301 0002 01 70")
PIECES = st.sampled_from(
    [
        SERVER_HELLO,
        WARNING,
        b"\x15\x03\x01",
        b"\x02\x02",
        b"\x16\x03\x00\x00",
        b"\x02",
        b"\x80\x0b\x04",
        b"250-",
        b"250 x\r\n",
    ]
)
BYTES = st.binary(max_size=200) | st.lists(PIECES | st.binary(max_size=8), max_size=12).map(b"".join)


def replies(data: bytes) -> list[Reply]:
    reader, buffer, found = ReplyReader(), bytearray(data), []
    while reply := reader.take(buffer):
        found.append(reply)
    return found


@given(BYTES)
def test_replies_are_clean_whatever_comes(data: bytes) -> None:
    with suppress(NoReply):
        for reply in replies(data):
            assert 200 <= reply.code <= 599
            assert 1 <= len(reply.lines) <= MOST_LINES
            for line in reply.lines:
                assert len(line) <= 512
                assert line.isascii()
                assert line.isprintable()


@given(BYTES, st.data())
def test_it_does_not_matter_where_the_bytes_are_cut(data: bytes, choose: st.DataObject) -> None:
    def read(*parts: bytes) -> list[Reply | Fault]:
        reader, buffer = ReplyReader(), bytearray()
        found: list[Reply | Fault] = []
        try:
            for part in parts:
                buffer += part
                while reply := reader.take(buffer):
                    found.append(reply)
        except NoReply as wrong:
            found.append(wrong.fault)
        return found

    at = choose.draw(st.integers(0, len(data)))
    assert read(data[:at], data[at:]) == read(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"220 a\r\n", Reply(220, ("a",))),
        (b"220\r\n", Reply(220, ("",))),
        (b"220 a\n", Reply(220, ("a",))),
        (b"250-a\r\r\n250 STARTTLS\r\r\n", Reply(250, ("a", "STARTTLS"))),
        (b"220 a\rb\r\n", Reply(220, ("a\\x0db",))),
        (b"250-a\r\n250 b\r\n", Reply(250, ("a", "b"))),
        (b"250-a\r\n550 b\r\n", Reply(550, ("a", "b"))),
        (b"250- a\r\n250\r\n", Reply(250, (" a", ""))),
    ],
)
def test_a_reply(data: bytes, expected: Reply) -> None:
    assert replies(data) == [expected]


@pytest.mark.parametrize(
    ("said", "keyword"),
    {
        b"STARTTLS": "STARTTLS",
        b"starttls": "STARTTLS",
        b"STARTTLS\t": "STARTTLS\\X09",
        b"STARTTLS now": "STARTTLS",
        b"STARTTLS=1": "STARTTLS",
        b" STARTTLS": "STARTTLS",
        b"AUTH=LOGIN PLAIN": "AUTH",
        b"XSTARTTLS": "XSTARTTLS",
        b"X STARTTLS": "X",
        b"STARTTLS\v": "STARTTLS\\X0B",
        b"": "",
        b"=": "",
    }.items(),
)
def test_keywords_are_read_as_postfix_reads_them(said: bytes, keyword: str) -> None:
    (reply,) = replies(b"250-mx\r\n250-" + said + b"\r\n250 \r\n")
    assert reply.keywords == {keyword, ""}


LINE = b"250-" + b"x" * (LONGEST_LINE - 6) + b"\r\n"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"250-a\r\n" * (MOST_LINES - 1), None),
        (b"250-a\r\n" * MOST_LINES, Fault.OVERSIZED),
        (LINE[:-2], None),
        (b"250 " + b"x" * LONGEST_LINE, Fault.OVERSIZED),
        (b"250 " + b"x" * LONGEST_LINE + b"\r\n", Fault.OVERSIZED),
        (LINE * (LARGEST // len(LINE)), None),
        (LINE * (LARGEST // len(LINE) + 1), Fault.OVERSIZED),
        (b"2500 a\r\n", Fault.NOT_SMTP),
        (b"250_a\r\n", Fault.NOT_SMTP),
        (b"199 a\r\n", Fault.NOT_SMTP),
        (b"600 a\r\n", Fault.NOT_SMTP),
        (b"\xb2\xb5\xb0 a\r\n", Fault.NOT_SMTP),
        (b"250-a\r\nand so on\r\n", Fault.NOT_SMTP),
    ],
)
def test_bounds_of_a_reply(data: bytes, fault: Fault | None) -> None:
    if fault is None:
        assert replies(data) == []
        return
    with pytest.raises(NoReply) as refused:
        replies(data)
    assert refused.value.fault is fault


@given(BYTES)
@example(SERVER_HELLO)
def test_any_answer_gives_probes(data: bytes) -> None:
    said = answer(data)
    assert isinstance(said, get_args(Answer))
    assert weak(said) in Probe
    assert ssl2(ssl2_answer(data)) in Probe
    for offered in (Version.TLS11, Version.TLS10, Version.SSL3):
        known, then = versions(offered, said)
        assert set(known) <= set(OLD)
        assert list(known.values()).count(Probe.ACCEPTED) <= 1
        assert then is None or then < offered


@given(BYTES, st.integers(0, 200))
def test_more_bytes_change_no_answer(data: bytes, at: int) -> None:
    for read in (answer, ssl2_answer):
        begun = read(data[:at])
        assert begun is Word.MORE or read(data) == begun


def test_a_server_hello_is_read() -> None:
    assert answer(SERVER_HELLO) == answer(WARNING + SERVER_HELLO) == Chosen(0x0301, 0x002F)
    assert answer(SERVER_HELLO[:-2]) is Word.MORE
    assert answer(WARNING * 8 + SERVER_HELLO) is Word.NONSENSE
    split = b"".join(b"\x16\x03\x01\x00\x15" + SERVER_HELLO[at : at + 21] for at in (5, 26))
    assert answer(split) == Chosen(0x0301, 0x002F)


@pytest.mark.parametrize(
    ("said", "known", "then"),
    [
        (Chosen(0x0302, 0x2F), {"TLSv1.1": Probe.ACCEPTED}, Version.TLS10),
        (Chosen(0x0301, 0x2F), {"TLSv1.1": Probe.REFUSED, "TLSv1": Probe.ACCEPTED}, Version.SSL3),
        (
            Chosen(0x0300, 0x2F),
            {"TLSv1.1": Probe.REFUSED, "TLSv1": Probe.REFUSED, "SSLv3": Probe.ACCEPTED},
            None,
        ),
        (Word.NO, dict.fromkeys(("TLSv1.1", "TLSv1", "SSLv3"), Probe.REFUSED), None),
        (Chosen(0x0303, 0x2F), {}, None),
        (Word.MORE, {}, None),
        (Word.NONSENSE, {}, None),
    ],
)
def test_what_an_answer_to_the_hello_of_tls_1_1_says(
    said: Answer, known: dict[str, Probe], then: Version | None
) -> None:
    assert versions(Version.TLS11, said) == (known, then)


def test_a_strong_cipher_says_nothing_of_weak_ones() -> None:
    assert weak(Chosen(0x0303, 0xC02F)) is Probe.NOT_TESTED
    assert {weak(Chosen(0x0303, suite)) for suite in WEAK} == {Probe.ACCEPTED}


def test_lengths_within_hellos() -> None:
    """Each length says what follows it, whatever the host name."""
    for made in (weak_hello(HOST), *(hello(version, "x" * 60 + ".example.com") for version in Version)):
        assert made[:2] == b"\x16\x03"
        assert int.from_bytes(made[3:5]) == len(made) - 5
        assert int.from_bytes(made[6:9]) == len(made) - 9
        suites = int.from_bytes(made[44:46])
        rest = made[46 + suites :]
        assert rest[:2] == b"\x01\x00"
        assert not rest[2:] or int.from_bytes(rest[2:4]) == len(rest) - 4
    assert HOST.encode() in hello(Version.TLS10, HOST)
    assert HOST.encode() not in hello(Version.SSL3, HOST)  # nor any other extension
    assert hello(Version.SSL3, HOST)[1:3] == b"\x03\x00"
    assert hello(Version.TLS11, HOST)[1:3] == weak_hello(HOST)[1:3] == b"\x03\x01"
    assert int.from_bytes(ssl2_hello()[:2]) & 0x7FFF == len(ssl2_hello()) - 2


def test_certificates_of_bytes_that_are_none() -> None:
    for data in (b"", b"\x30", b"nonsense", party(HOST).der()[:-1], b"\x30\x80" * 50):
        with pytest.raises(ValueError, match="pars"):
            Certificates().read(data)


@pytest.mark.parametrize("serial", [0, -5])
def test_a_serial_number_that_is_none_is_no_warning_of_ours(serial: int) -> None:
    """RFC 5280 section 4.1.2.2 wants it positive; OpenSSL does not mind, and nor does a sender."""
    made = (
        party(HOST, serial=90)
        .der()
        .replace(b"\x02\x01\x5a", b"\x02\x01" + serial.to_bytes(1, signed=True), 1)
    )
    assert Certificates().read(made).common_name == HOST


@given(st.integers(0), st.binary(min_size=1, max_size=4))
def test_a_damaged_certificate_is_read_or_refused(at: int, damage: bytes) -> None:
    at %= len(DER)
    with suppress(ValueError):
        found = Certificates().read(DER[:at] + damage + DER[at + len(damage) :])
        assert all(name.isprintable() for name in (found.subject, found.issuer, *found.dns_names))


DER = party("a.example.com", names=["a.example.com", "*.b.example.com"]).der()


@pytest.mark.parametrize(
    "value", [b"", b"\x30", b"\x30\x84", b"\x30\x02\x82", b"\x30\x05\x82", b"\x30\x82\xff"]
)
def test_a_certificate_whose_names_are_cut_is_read_or_refused(value: bytes) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    names = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), value)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(5).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    der = built.add_extension(names, critical=False).sign(key, SHA256()).public_bytes(Encoding.DER)
    with suppress(ValueError):
        assert Certificates().read(der).dns_names == ()
