"""What is read in the cage is what is read outside of it, and what cannot be read has a verdict."""

from collections.abc import Iterator

import pytest

from amberpost.extract.answer import Extracted, InnerFile, Verdict
from amberpost.extract.cage import Cage
from amberpost.extract.kinds import EXTRACTORS, SAMPLES
from tests.unit.message.mail import attribute, mapi, tnef, tnef_file
from tests.unit.message.test_cards import CARD, INVITATION
from tests.unit.message.test_smime import ENCRYPTED, ENTITY, compressed, signed, streamed
from tests.unit.message.test_tnef import HELLO_RTF, MAPI_OF_MESSAGE

ENTITY_INSIDE = Extracted(files=(InnerFile(name="", content_type="", data=ENTITY),))


@pytest.fixture(scope="module")
def cage() -> Iterator[Cage]:
    with Cage() as cage:
        yield cage


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("html", b"<style>x</style><table><tr><td>Gr&uuml;&szlig;e<td>\xe4</table>"),
        ("html", b'<meta charset="koi8-r"><p>\xf0\xd2\xc9\xd7\xc5\xd4'),
        ("html", b"<div>" * 20_000 + b"deep"),
        ("calendar", INVITATION.encode()),
        ("calendar", CARD.encode()),
        ("tnef", tnef(attribute(1, 0x00018004, b"Subj\0"), tnef_file("a.csv", b"1;2"), tnef_file("b", b"\0" * 99))),
        ("tnef", tnef(attribute(1, MAPI_OF_MESSAGE, mapi((0x102, 0x1009, HELLO_RTF))))),
        ("tnef", tnef(attribute(1, 0x00018004, b"Subj\0"))[:-5]),
        *(("smime", wrap(ENTITY)) for wrap in (signed, streamed, compressed)),
        *SAMPLES.items(),
    ],
)  # fmt: skip
def test_the_cage_changes_nothing(cage: Cage, kind: str, data: bytes) -> None:
    outside = EXTRACTORS[kind](data, "")
    assert outside != Verdict.DAMAGED
    assert cage.extract(kind, data) == outside


def test_what_lies_inside_comes_out(cage: Cage) -> None:
    assert cage.extract("smime", streamed(ENTITY)) == ENTITY_INSIDE
    stream = tnef(attribute(1, 0x00018004, b"Subj\0"), tnef_file("a.csv", b"1;2"))
    read = cage.extract("tnef", stream)
    assert isinstance(read, Extracted)
    assert (read.text, [(file.name, file.data) for file in read.files]) == ("Subj", [("a.csv", b"1;2")])
    broken = cage.extract("tnef", stream[:-5])
    assert isinstance(broken, Extracted)
    assert not broken.is_whole


@pytest.mark.parametrize(
    ("kind", "data", "verdict"),
    [
        ("html", b"<p> </p><script>x</script>", Verdict.NO_TEXT),
        ("html", b"", Verdict.NO_TEXT),
        ("calendar", b"no calendar", Verdict.DAMAGED),
        ("tnef", b"PK\3\4", Verdict.DAMAGED),
        ("smime", ENCRYPTED, Verdict.PASSWORD),
        ("smime", signed(ENTITY)[:-40], Verdict.DAMAGED),
    ],
)
def test_what_cannot_be_read_has_a_verdict(cage: Cage, kind: str, data: bytes, verdict: Verdict) -> None:
    assert cage.extract(kind, data) is verdict


def test_every_kind_has_a_sample_that_is_read() -> None:
    assert SAMPLES.keys() == EXTRACTORS.keys()
    for kind, sample in SAMPLES.items():
        assert EXTRACTORS[kind](sample, "") is not Verdict.DAMAGED, kind


def test_a_kind_that_nobody_reads_is_a_mistake_of_ours(cage: Cage) -> None:
    with pytest.raises(KeyError):
        cage.extract("pdf", b"%PDF")
