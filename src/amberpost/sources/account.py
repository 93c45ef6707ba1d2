"""From a configured source to what its connector must know: ports, secrets, limits."""

from functools import partial

from amberpost.errors import ConfigError, UserError
from amberpost.net.server import read_server
from amberpost.oauth.client import AUTHORITY, OUTLOOK_SCOPE, OAuthClient
from amberpost.oauth.tokens import Tokens
from amberpost.sources.configure import setting_row
from amberpost.sources.cursor import spelled
from amberpost.sources.models import Source
from amberpost.sources.settings import AccountSettings, Login, OAuthLogin, PasswordLogin
from amberpost.store.secret import OpenSetting, Secret

_TOKENS = Tokens()  # of this process: accounts of one app share a token

_PORTS = {
    "imap": {"starttls": 143, "none": 143, "ssl": 993},
    "pop3": {"starttls": 110, "none": 110, "ssl": 995},
}


def account_settings(source: Source, open_setting: OpenSetting, *, ceiling_bytes: int) -> AccountSettings:
    """What the connector must know; opens the sealed secrets. ConfigError for what cannot work."""
    try:
        server = read_server(source.server, default_port(source))
    except UserError:
        raise ConfigError("C021", subject=source.server) from None
    return AccountSettings(
        server=server.name,
        port=server.port,
        user=source.user,
        login=_login(source, open_setting),
        security=source.security,  # type: ignore[arg-type]  # its choices are these
        allow_insecure_oauth=source.allow_insecure_oauth,
        folders=tuple(dict.fromkeys(map(spelled, source.folders))) or ("INBOX",),
        keep_mails=source.keep_mails,
        ca_pem=source.ca_pem or None,
        certificate_sha256=source.certificate_sha256 or None,
        max_message_bytes=ceiling_bytes,
        max_size_bytes=source.max_size_mb * 2**20 if source.max_size_mb else None,
    )


def default_port(source: Source) -> int:
    """The port of a server that is given without one."""
    return _PORTS["pop3" if source.kind.is_pop3 else "imap"][source.security]


def oauth_client(source: Source, client_secret: Secret) -> OAuthClient:
    """The app as it was registered. Its login server is Microsoft's worldwide one unless another was entered."""
    return OAuthClient(
        tenant=source.tenant_id,
        client_id=source.client_id,
        client_secret=client_secret,
        authority=source.authority or AUTHORITY,
        scope=source.scope or OUTLOOK_SCOPE,
        ca_pem=source.ca_pem or None
        if source.authority
        else None,  # the mail server's own says nothing of Microsoft
    )


def _login(source: Source, open_setting: OpenSetting) -> Login:
    if not source.kind.uses_oauth:
        return PasswordLogin(password=_secret(source, "password", source.sealed_password, open_setting))
    secret = _secret(source, "client_secret", source.sealed_client_secret, open_setting)
    client = oauth_client(source, secret)
    return OAuthLogin(token=partial(_TOKENS.get, client), forget=partial(_TOKENS.forget, client))


def _secret(source: Source, field: str, sealed: bytes | memoryview, open_setting: OpenSetting) -> Secret:
    return Secret(open_setting(setting_row(source), field, bytes(sealed)) if sealed else b"")
