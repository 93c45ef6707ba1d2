"""What a connector is told about a source that logs in with a token."""

from amberpost.oauth.client import AUTHORITY, OUTLOOK_SCOPE
from amberpost.sources.account import account_settings, oauth_client
from amberpost.sources.models import Source
from amberpost.sources.settings import AccountSettings, OAuthLogin, PasswordLogin
from amberpost.store.secret import Secret


def settings_of(source: Source) -> AccountSettings:
    def open_setting(row: str, field: str, sealed: bytes) -> bytes:
        return f"{row} {field} ".encode() + sealed

    return account_settings(source, open_setting, ceiling_bytes=100)


def an_app(**more: str) -> Source:
    return Source(
        pk=7, name="x", protocol="oauth-imap", security="ssl", server="outlook.office365.com",
        user="journal@example.com", tenant_id="t", client_id="c", sealed_client_secret=b"s", **more,
    )  # fmt: skip


def test_an_account_with_oauth_logs_in_with_a_token() -> None:
    settings = settings_of(an_app())
    assert isinstance(settings.login, OAuthLogin)
    assert (settings.port, settings.user, settings.security) == (993, "journal@example.com", "ssl")


def test_an_account_without_oauth_logs_in_with_its_password() -> None:
    source = Source(pk=7, protocol="imap", server="s", user="u", sealed_password=b"p")
    assert settings_of(source).login == PasswordLogin(password=Secret(b"source/7 password p"))


def test_the_login_server_is_microsofts_unless_another_is_entered() -> None:
    client = oauth_client(an_app(ca_pem="PEM"), Secret(b"s"))
    assert (client.authority, client.scope, client.ca_pem) == (AUTHORITY, OUTLOOK_SCOPE, None)
    other = oauth_client(
        an_app(authority="https://login.example.com", scope="https://x/.default", ca_pem="PEM"), Secret(b"s")
    )
    assert (other.authority, other.scope, other.ca_pem) == (
        "https://login.example.com", "https://x/.default", "PEM",
    )  # fmt: skip


def test_no_secret_is_shown() -> None:
    settings = settings_of(an_app())
    assert "client_secret s" not in repr(settings)
