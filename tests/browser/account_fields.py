"""The fields of a remote account (collecting-mail.md 1.3 and ours): defaults, and the tests that show each effect."""

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | bool

POP3, IMAP, OAUTH_IMAP, OAUTH_POP3 = ALL = ("pop3", "imap", "oauth-imap", "oauth-pop3")
PASSWORD_PROTOCOLS, OAUTH_PROTOCOLS = (POP3, IMAP), (OAUTH_IMAP, OAUTH_POP3)
IMAP_PROTOCOLS = (IMAP, OAUTH_IMAP)

PROTOCOL_NAMES = {
    POP3: "POP3",
    IMAP: "IMAP",
    OAUTH_IMAP: "OAuth 2 (IMAP)",
    OAUTH_POP3: "OAuth 2 (POP3)",
}
TENANT, CLIENT = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000"
FINGERPRINT = "ab" * 32

_EFFECTS = "tests/road/test_account_effects.py"
_IMAP = "tests/contract/test_imap_source.py"
_POP3 = "tests/contract/test_pop3_odd_servers.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `default` and `typed` as the page shows them, `kept` as `source list --json` tells it."""

    name: str  # in the table of the reference, or how we call what we added
    label: str
    default: Value | Mapping[str, Value] = ""
    typed: Value = ""
    option: str = ""
    kept: object = None
    protocols: tuple[str, ...] = ALL
    is_secret: bool = False
    effects: tuple[str, ...]

    def default_for(self, protocol: str) -> Value:
        return self.default if isinstance(self.default, str | bool) else self.default[protocol]


_ADDED = "(added)"

FIELDS = (
    Field(
        name="Name", label="Name", typed="Journal Account", option="name", kept="Journal Account",
        effects=(
            f"{_EFFECTS}::test_the_name_stands_in_reports_and_stays_when_the_account_is_gone",
            f"{_EFFECTS}::test_a_name_is_unique_among_accounts_and_free_again_after_removal",
        ),
    ),
    Field(
        name="Protocol", label="Protocol", default={name: name for name in ALL}, option="protocol",
        effects=(
            f"{_EFFECTS}::test_each_protocol_and_security_empties_the_mailbox",
            f"{_EFFECTS}::test_tenant_client_and_secret_open_the_mailbox_and_each_wrong_one_does_not",
        ),
    ),
    Field(
        name="Servername", label="Server",
        default=dict.fromkeys(PASSWORD_PROTOCOLS, "") | dict.fromkeys(OAUTH_PROTOCOLS, "outlook.office365.com"),
        typed="mail.company.example:4711", option="server", kept="mail.company.example:4711",
        effects=(
            f"{_EFFECTS}::test_each_protocol_and_security_empties_the_mailbox",
            "tests/unit/sources/test_default_ports.py::test_the_port_follows_protocol_and_security",
        ),
    ),
    Field(
        name="Username", label="User", typed="journal@archive.example", option="user",
        kept="journal@archive.example",
        effects=(f"{_EFFECTS}::test_a_wrong_password_ends_the_run_in_plain_words",),
    ),
    Field(
        name="Password", label="Password", typed="geheimes Wort", is_secret=True, protocols=PASSWORD_PROTOCOLS,
        option="password_set_at",
        effects=(
            f"{_EFFECTS}::test_a_wrong_password_ends_the_run_in_plain_words",
            f"{_EFFECTS}::test_a_secret_left_empty_is_kept_and_a_typed_one_is_tried_before_it_is_saved",
        ),
    ),
    Field(
        name="Tenant ID", label="Tenant ID", typed=TENANT, option="tenant_id", kept=TENANT,
        protocols=OAUTH_PROTOCOLS,
        effects=(f"{_EFFECTS}::test_tenant_client_and_secret_open_the_mailbox_and_each_wrong_one_does_not",),
    ),
    Field(
        name="Client ID", label="Client ID", typed=CLIENT, option="client_id", kept=CLIENT,
        protocols=OAUTH_PROTOCOLS,
        effects=(f"{_EFFECTS}::test_tenant_client_and_secret_open_the_mailbox_and_each_wrong_one_does_not",),
    ),
    Field(
        name="Client Secret", label="Client secret", typed="aB8Q~geheimer.Wert", is_secret=True,
        protocols=OAUTH_PROTOCOLS, option="client_secret_set_at",
        effects=(f"{_EFFECTS}::test_tenant_client_and_secret_open_the_mailbox_and_each_wrong_one_does_not",),
    ),
    Field(
        name="Fetch emails every", label="Fetch e-mails every (minutes)", default="1", typed="17",
        option="interval", kept=17,
        effects=(f"{_EFFECTS}::test_the_next_fetch_is_due_after_the_interval",),
    ),
    Field(
        name="Keep Mails", label="Keep e-mails on the server", default=False, typed=True, option="keep_mails",
        kept=True,
        effects=(
            f"{_EFFECTS}::test_keep_mails_leaves_them_there_once_archived_and_switching_it_off_deletes_them",
            f"{_IMAP}::test_keep_mails_leaves_no_trace_in_the_flags",
        ),
    ),
    Field(
        name="Connection security", label="Connection security",
        default=dict.fromkeys(PASSWORD_PROTOCOLS, "starttls") | dict.fromkeys(OAUTH_PROTOCOLS, "ssl"),
        typed="none", option="security", kept="none",
        effects=(
            f"{_EFFECTS}::test_each_protocol_and_security_empties_the_mailbox",
            f"{_EFFECTS}::test_starttls_is_never_dropped_silently",
            "tests/contract/test_imap_odd_servers.py::test_without_an_offer_of_starttls_no_password_is_sent",
            f"{_POP3}::test_without_stls_no_password_is_sent",
        ),
    ),
    Field(
        name="Max. email size", label="Max. e-mail size (MB)", default="", typed="25", option="max_size", kept=25,
        effects=(f"{_EFFECTS}::test_mail_above_the_size_stays_on_the_server_and_is_listed",),
    ),
    Field(
        name="Email header evaluation", label="E-mail header evaluation", default="journal", typed="custom",
        option="header_evaluation", kept="custom:envelope-from",
        effects=(f"{_EFFECTS}::test_the_header_evaluation_decides_whose_mail_it_is",),
    ),
    Field(
        name=f"Custom recipient header {_ADDED}", label="Name of the custom header", typed="envelope-from",
        option="header_evaluation", kept="custom:envelope-from",
        effects=(f"{_EFFECTS}::test_the_header_evaluation_decides_whose_mail_it_is",),
    ),
    Field(
        name=f"Mail system {_ADDED}", label="Mail system",
        default=dict.fromkeys(PASSWORD_PROTOCOLS, "other") | dict.fromkeys(OAUTH_PROTOCOLS, "microsoft-365"),
        typed="google", option="mail_system", kept="google",
        effects=("tests/app/console/test_guides.py::test_a_guide_lists_the_accounts_of_its_mail_system",),
    ),
    Field(
        name=f"Enabled {_ADDED}", label="Collect from this account", default=True, typed=False, option="enabled",
        kept=False,
        effects=(f"{_EFFECTS}::test_a_paused_account_is_not_due",),
    ),
    Field(
        name=f"Allow insecure OAuth {_ADDED}", label="Send the token without encryption anyway",
        default=False, typed=True, option="allow_insecure_oauth", kept=True, protocols=OAUTH_PROTOCOLS,
        effects=(f"{_EFFECTS}::test_a_token_goes_unencrypted_only_with_the_explicit_tick",),
    ),
    Field(
        name=f"Secret expires on {_ADDED}", label="Client secret expires on", typed="2031-05-03",
        option="secret_expires_on", kept="2031-05-03", protocols=OAUTH_PROTOCOLS,
        effects=(
            "tests/app/console/test_account_form.py::test_the_day_a_secret_expires_is_shown_and_kept",
            "tests/unit/notice/test_alarms.py::test_a_secret_warns_30_7_and_1_days_before_and_a_certificate_7_and_1",
        ),
    ),
    Field(
        name=f"Authority {_ADDED}", label="Sign-in server (authority)", typed="https://login.cloud.example",
        option="authority", kept="https://login.cloud.example", protocols=OAUTH_PROTOCOLS,
        effects=("tests/unit/sources/test_account.py::test_the_login_server_is_microsofts_unless_another_is_entered",),
    ),
    Field(
        name=f"Scope {_ADDED}", label="Scope", typed="https://cloud.example/.default", option="scope",
        kept="https://cloud.example/.default", protocols=OAUTH_PROTOCOLS,
        effects=(f"{_EFFECTS}::test_tenant_client_and_secret_open_the_mailbox_and_each_wrong_one_does_not",),
    ),
    Field(
        name=f"Folders {_ADDED}", label="Folders", typed="INBOX\nJunk", option="folders", kept=["INBOX", "Junk"],
        protocols=IMAP_PROTOCOLS,
        effects=(f"{_EFFECTS}::test_only_the_named_folders_are_collected",),
    ),
    Field(
        name=f"Silence {_ADDED}", label="Alarm when nothing arrives for (hours)", default="72", typed="5",
        option="silence_hours", kept=5,
        effects=(
            "tests/app/console/test_account_form.py::test_the_hours_until_an_alarm_are_kept",
            "tests/unit/notice/test_alarms.py::"
            "test_silence_is_an_alarm_after_the_hours_of_the_source_and_never_if_there_are_none",
        ),
    ),
    Field(
        name=f"Own root certificate {_ADDED}", label="Own root certificate (PEM)", option="has_ca", kept=True,
        effects=(f"{_EFFECTS}::test_an_own_root_or_the_accepted_certificate_lets_in_and_nothing_else",),
    ),
    Field(
        name=f"Own root certificate as a file {_ADDED}", label="… or as a file",
        effects=("tests/app/console/test_account_form.py::test_a_root_certificate_can_be_uploaded",),
    ),
    Field(
        name=f"Accepted certificate {_ADDED}", label="Accepted certificate (SHA-256 fingerprint)",
        typed=FINGERPRINT, option="certificate_sha256", kept=FINGERPRINT,
        effects=(f"{_EFFECTS}::test_an_own_root_or_the_accepted_certificate_lets_in_and_nothing_else",),
    ),
)  # fmt: skip

# Section 1.3 and 1.4: what must be there whatever else is
REFERENCE = (
    "Name", "Protocol", "Servername", "Username", "Password", "Tenant ID", "Client ID", "Client Secret",
    "Fetch emails every", "Keep Mails", "Connection security", "Max. email size", "Email header evaluation",
)  # fmt: skip
EVALUATIONS = (
    "Enable MS Journal-Envelope autodetection",
    "Disable MS Journal-Envelope autodetection",
    "X-Envelope-To",
    "X-Original-To",
    "Delivered-To",
    "Custom recipient header",
)
