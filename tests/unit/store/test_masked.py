"""The words of a server, without the secret it repeats and with everything else."""

import base64

import pytest

from amberpost.store.secret import Secret, masked

REFUSALS = "LOGIN failed: a wrong password, or the connection had an error. Authentication is not possible"


@pytest.mark.parametrize(
    "password", ["error", "a", "connection", "Login", "password", "LOGIN", "an", "wrong"]
)
def test_a_usual_word_as_password_makes_no_holes_in_a_sentence(password: str) -> None:
    assert masked(REFUSALS, Secret(password.encode())) == REFUSALS


@pytest.mark.parametrize("password", ["error", "a", "Login"])
def test_even_a_usual_word_is_masked_where_it_stands_as_we_sent_it(password: str) -> None:
    secret = Secret(password.encode())
    assert masked(f'BAD what is LOGIN "u" "{password}"?', secret) == 'BAD what is LOGIN "u" ***?'
    assert masked(f"-ERR unknown: PASS {password}", secret) == "-ERR unknown: ***"


@pytest.mark.parametrize(
    "password", ["sesame", "geheimes Wort", 'p"\\x', "pässwörd", "12345678", "x-y-z", "Sonnenblumenkerne1"]
)
def test_a_password_is_masked_in_every_form_it_may_come_back_in(password: str) -> None:
    value = password.encode()
    answer = b"\0journal\0" + value
    for form in (password, f"'{password}'", f"[{password}]", repr(password.encode())[2:-1]):
        said = masked(f"you said {form}, no", Secret(value))
        assert said.strip("'[]").replace("'", "").replace("[", "").replace("]", "") == "you said ***, no"
    for encoded in (base64.b64encode(value).decode(), base64.b64encode(answer).decode()):
        assert masked(f"you said {encoded}", Secret(value), answer) == "you said ***"


def test_a_word_within_a_longer_one_is_not_the_secret() -> None:
    assert masked("the sesames are out of sesame", Secret(b"sesame")) == "the sesames are out of ***"


def test_without_a_secret_nothing_is_masked() -> None:
    assert masked("no *** here", Secret(b"")) == "no *** here"
