"""What a connector must know of an account that is typed but not saved yet."""

from copy import copy

from amberpost.sources.account import account_settings
from amberpost.sources.configure import NewSecrets, settle_protocol, valid_server
from amberpost.sources.models import Source
from amberpost.sources.settings import AccountSettings
from amberpost.store.secret import OpenSetting


def trial_settings(
    source: Source, secrets: NewSecrets, open_setting: OpenSetting, *, ceiling_bytes: int
) -> AccountSettings:
    """With the typed secrets, and the stored ones where none was typed. UserError for what cannot work."""
    tried = copy(source)
    settle_protocol(tried)
    tried.server = valid_server(tried.server)
    typed = {"password": secrets.password, "client_secret": secrets.client_secret}
    tried.sealed_password = _typed(secrets.password) or tried.sealed_password
    tried.sealed_client_secret = _typed(secrets.client_secret) or tried.sealed_client_secret

    def open_typed(row: str, field: str, sealed: bytes) -> bytes:
        return typed[field].encode() if typed.get(field) else open_setting(row, field, sealed)

    return account_settings(tried, open_typed, ceiling_bytes=ceiling_bytes)


def _typed(secret: str) -> bytes:
    """Stands where a sealed secret would: there is one."""
    return b"typed" if secret else b""
