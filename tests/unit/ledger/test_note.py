"""Signed notes and checkpoints: vectors, and every way of spelling them wrong."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from amberpost.errors import IntegrityError
from amberpost.ledger.checkpoint import sign_checkpoint, verify_checkpoint
from amberpost.ledger.note import (
    VerificationKey,
    decode_base64,
    parse_note,
    parse_verification_key,
    sign_note,
    verification_key,
    verify_note,
)
from tests.unit.ledger.folder import ORIGIN, SEED, b64

# The example of the documentation of Go's package sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_NOTE = (
    GO_TEXT + "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1"
    "FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
KEY = verification_key(ORIGIN, SEED)
ROOT = hashlib.sha256(b"root").digest()


def test_the_go_example_note_is_read_and_verified() -> None:
    assert verify_note(GO_NOTE, parse_verification_key(GO_KEY)) == GO_TEXT


def test_signing_gives_the_bytes_of_the_go_example() -> None:
    seed = decode_base64("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    assert verification_key("PeterNeumann", seed) == GO_KEY
    assert sign_note(GO_TEXT, name="PeterNeumann", seed=seed) == GO_NOTE


def test_a_checkpoint_is_spelt_as_the_standard_says() -> None:
    """Put together here by hand from tlog-checkpoint and signed-note."""
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    public = private.public_key().public_bytes_raw()
    text = f"{ORIGIN}\n1234\n{b64(ROOT)}\n"
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    by_hand = f"{text}\n— {ORIGIN} {b64(key_id + private.sign(text.encode()))}\n".encode()
    head = sign_checkpoint(origin=ORIGIN, size=1234, root=ROOT, seed=SEED)
    assert head.text == by_hand
    assert f"{ORIGIN}+{key_id.hex()}+{b64(bytes([1]) + public)}" == KEY
    assert verify_checkpoint(by_hand, KEY) == head


def test_every_flipped_byte_and_every_cut_of_a_checkpoint_is_refused() -> None:
    for size in (0, 7, 1234567):
        text = sign_checkpoint(origin=ORIGIN, size=size, root=ROOT, seed=SEED).text
        for at in range(len(text)):
            for value in {text[at] ^ 1 << bit for bit in range(8)} | {text[at] ^ 0xFF}:
                with pytest.raises(IntegrityError):
                    verify_checkpoint(text[:at] + bytes([value]) + text[at + 1 :], KEY)
            with pytest.raises(IntegrityError):
                verify_checkpoint(text[:at], KEY)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n007\n{b64(ROOT)}\n",
        f"{ORIGIN}\n-1\n{b64(ROOT)}\n",
        f"{ORIGIN}\n\u0661\n{b64(ROOT)}\n",
        f"{ORIGIN}\n9223372036854775808\n{b64(ROOT)}\n",
        f"{ORIGIN}\n1\n{b64(ROOT[:31])}\n",
        f"{ORIGIN}\n1\n{b64(ROOT + b'x')}\n",
        f"{ORIGIN}\n1\n{b64(ROOT)[:-2]}p=\n",
        f"{ORIGIN}\n1\n{b64(ROOT)}\nextension\n",
        f"{ORIGIN}\n1\n{b64(ROOT)}\n\n",
        f"{ORIGIN}\n1\n",
        f"\n1\n{b64(ROOT)}\n",
        f"other.example\n1\n{b64(ROOT)}\n",
    ],
)
def test_a_correctly_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError):
        verify_checkpoint(sign_note(text, name=ORIGIN, seed=SEED), KEY)


def test_signatures_of_others_are_passed_over() -> None:
    note = sign_checkpoint(origin=ORIGIN, size=5, root=ROOT, seed=SEED).text
    witness = f"— witness.example {b64(b'abcd' + b'x' * 72)}\n".encode()
    assert verify_checkpoint(note + witness, KEY).size == 5
    with pytest.raises(IntegrityError, match="not signed by this key"):
        verify_checkpoint(note, verification_key(ORIGIN, bytes(32)))
    with pytest.raises(IntegrityError, match="not signed by this key"):
        verify_checkpoint(note, verification_key("other.example", SEED))


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    note = sign_checkpoint(origin=ORIGIN, size=5, root=ROOT, seed=SEED).text
    line = note[note.index("— ".encode()) :]
    with pytest.raises(IntegrityError, match="more than once"):
        verify_checkpoint(note + line, KEY)
    other = sign_checkpoint(origin=ORIGIN, size=6, root=ROOT, seed=SEED).text
    mixed = note[: note.index("— ".encode())] + other[other.index("— ".encode()) :]
    with pytest.raises(IntegrityError, match="does not match"):
        verify_checkpoint(mixed, KEY)


def test_the_text_of_a_note_may_hold_empty_lines() -> None:
    note = sign_note("one\n\ntwo\n", name="a", seed=SEED)
    assert parse_note(note).text == b"one\n\ntwo\n"


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\n",
        b"text",
        b"\xff\n\n",
        b"text\x00\n\n",
        b"text\r\n\n",
        "text\n\n— a QUFBQUE=".encode(),
        b"text\n\n- a QUFBQUE=\n",
        "text\n\n— QUFBQUE=\n".encode(),
        "text\n\n— a+b QUFBQUE=\n".encode(),
        "text\n\n— a\u00a0b QUFBQUE=\n".encode(),
        "text\n\n— a QUFBQUF=\n".encode(),
        "text\n\n— a QUFBQUE\n".encode(),
        "text\n\n— a QUFBQQ==\n".encode(),
        "text\n\n— a QUFBQUE= \n".encode(),
        "text\n\n— a  QUFBQUE=\n".encode(),
        ("text\n\n" + "— a QUFBQUE=\n" * 65).encode(),
        b"x" * 262_145,
    ],
)
def test_malformed_notes_are_refused(note: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_note(note)


def test_sixty_four_signatures_are_still_read() -> None:
    assert len(parse_note(("text\n\n" + "— a QUFBQUE=\n" * 64).encode()).signatures) == 64


@pytest.mark.parametrize(
    ("text", "name"),
    [("no newline", "a"), ("a\tb\n", "a"), ("a\n", ""), ("a\n", "a b"), ("a\n", "a+b")],
)
def test_what_no_reader_would_accept_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(IntegrityError):
        sign_note(text, name=name, seed=SEED)


def test_a_checkpoint_with_a_newline_in_its_origin_is_not_signed() -> None:
    with pytest.raises(IntegrityError):
        sign_checkpoint(origin="a\n5", size=1, root=ROOT, seed=SEED)


def test_a_verification_key_has_one_spelling() -> None:
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
    assert parse_verification_key(KEY) == VerificationKey(name=ORIGIN, public=public)
    good_id = KEY.split("+")[1]
    for bad in (
        "",
        KEY + "\n",
        KEY.replace(good_id, good_id.upper()) if good_id != good_id.upper() else "",
        KEY.replace(good_id, "00000000"),
        f"{ORIGIN}+{good_id}+{b64(bytes([2]) + public)}",
        f"{ORIGIN}+{good_id}+{b64(bytes([1]) + public[:-1])}",
        f"{ORIGIN} x+{good_id}+{b64(bytes([1]) + public)}",
    ):
        with pytest.raises(IntegrityError):
            parse_verification_key(bad)


def test_base64_has_one_spelling() -> None:
    assert decode_base64("") == b""
    assert decode_base64("QUE=") == b"AA"
    for bad in ("QUF=", "QUE", "QUE=\n", "Q UE=", "QUE==", "QÜE="):
        with pytest.raises(IntegrityError):
            decode_base64(bad)
