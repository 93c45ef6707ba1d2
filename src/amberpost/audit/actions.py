"""The tags of audit events: `<subject>:<verb in past>`."""

from enum import StrEnum


class Action(StrEnum):
    """Each has a heading in docs/reference/audit-actions.md."""

    ARCHIVE_CREATED = "archive:created"
    ARCHIVE_REBUILT = "archive:rebuilt"
    ARCHIVE_VERIFIED = "archive:verified"
    CONFIG_EXPORTED = "config:exported"
    CONFIG_IMPORTED = "config:imported"
    DOMAIN_ADDED = "domain:added"
    DOMAIN_REMOVED = "domain:removed"
    EXPORT_WRITTEN = "export:written"
    EXPORT_WHOLE = "export:whole"
    IMPORT_FINISHED = "import:finished"
    MESSAGE_OPENED = "message:opened"
    MESSAGE_DOWNLOADED = "message:downloaded"
    ATTACHMENT_DOWNLOADED = "attachment:downloaded"
    NOTICE_SETTINGS_CHANGED = "notice:settings_changed"
    NOTICE_TEST_SENT = "notice:test_sent"
    SEARCH_MADE = "search:made"
    SOURCE_ADDED = "source:added"
    SOURCE_CERTIFICATE_TRUSTED = "source:certificate_trusted"
    SOURCE_CHANGED = "source:changed"
    SOURCE_COLLECTED = "source:collected"
    SOURCE_CREDENTIALS_CHANGED = "source:credentials_changed"
    SOURCE_REMOVED = "source:removed"
    SOURCE_TESTED = "source:tested"
    USER_ADDED = "user:added"
    USER_CHANGED = "user:changed"
    USER_DISABLED = "user:disabled"
    USER_ENABLED = "user:enabled"
    USER_PASSWORD_RESET = "user:password_reset"  # noqa: S105
    USER_PASSWORD_CHANGED = "user:password_changed"  # noqa: S105
    USER_SIGNED_IN = "user:signed_in"
    USER_SIGNED_OUT = "user:signed_out"
    USER_LOGIN_FAILED = "user:login_failed"
    USER_LOCKED_OUT = "user:locked_out"
    OPERATOR_SET_UP = "operator:set_up"
