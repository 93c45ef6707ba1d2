"""The commands and configuration lines the guides show, made from the operator's values."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from amberpost.console.guides.powershell import line

Values = Mapping[str, str]
_JOURNAL = "journal@archive.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Something to copy."""

    id: str
    label: str
    text: str


def microsoft_journal(values: Values) -> Block:
    """The address for undeliverable reports comes first: without it Exchange takes no rule."""
    return Block(
        id="journal-rule",
        label=_("Journal rule (Exchange Online PowerShell)"),
        text=_lines("Connect-ExchangeOnline", _ndr(values), _rule(values), *_proof()),
    )


def microsoft_access(values: Values) -> Block:
    """The application may open this one mailbox, and IMAP is on there."""
    mailbox = values["mailbox"] or _("<mailbox>")
    application, object_id = (
        values["app_id"] or _("<application ID>"),
        values["object_id"] or _("<object ID>"),
    )
    principal = [("AppId", application), ("ObjectId", object_id), ("DisplayName", "Amberpost")]
    permission = [("Identity", mailbox), ("User", object_id)]
    return Block(
        id="mailbox-access",
        label=_("Access to the mailbox (Exchange Online PowerShell)"),
        text=_lines(
            "Connect-ExchangeOnline",
            line("New-ServicePrincipal", principal),
            line("Add-MailboxPermission", permission, switches="-AccessRights FullAccess"),
            line("Set-CASMailbox", [("Identity", mailbox)], switches="-ImapEnabled $true"),
        ),
    )


def microsoft_sending() -> Block:
    """The application may send as one mailbox, and SMTP AUTH is on there."""
    sender = _("<mailbox that sends>")
    application, object_id = (_("<application ID>"), _("<object ID>"))
    principal = [("AppId", application), ("ObjectId", object_id), ("DisplayName", "Amberpost")]
    return Block(
        id="mailbox-sending",
        label=_("Mailbox that sends (Exchange Online PowerShell)"),
        text=_lines(
            "Connect-ExchangeOnline",
            line("New-ServicePrincipal", principal),
            line(
                "Add-MailboxPermission",
                [("Identity", sender), ("User", object_id)],
                switches="-AccessRights FullAccess",
            ),
            line(
                "Set-CASMailbox", [("Identity", sender)], switches="-SmtpClientAuthenticationDisabled $false"
            ),
        ),
    )


def exchange_service(values: Values) -> Block:
    """IMAP4 is installed with Exchange, and stopped."""
    name = values["server"] or _("<server name>")
    services = ("MSExchangeIMAP4", "MSExchangeIMAP4BE")
    started = [
        command
        for service in services
        for command in (
            line("Set-Service", [("Name", service)], switches="-StartupType Automatic"),
            line("Start-Service", [("Name", service)]),
        )
    ]
    return Block(
        id="imap-service",
        label=_("IMAP4 service (Exchange Management Shell)"),
        text=_lines(
            line("Set-ImapSettings", [("X509CertificateName", name)], switches="-LoginType SecureLogin"),
            *started,
        ),
    )


def exchange_mailbox(values: Values) -> Block:
    """A mailbox that takes every report, whatever its size, and from Exchange only."""
    who = [("Identity", values["journal_address"] or _JOURNAL)]
    return Block(
        id="journal-mailbox",
        label=_("Journal mailbox (Exchange Management Shell)"),
        text=_lines(
            line(
                "Set-Mailbox",
                who,
                switches="-UseDatabaseQuotaDefaults $false -ProhibitSendQuota Unlimited "
                "-ProhibitSendReceiveQuota Unlimited -IssueWarningQuota Unlimited -MaxReceiveSize Unlimited",
            ),
            line(
                "Set-Mailbox",
                [*who, ("AcceptMessagesOnlyFrom", "Microsoft Exchange")],
                switches="-RequireSenderAuthenticationEnabled $true",
            ),
            line(
                "Set-CASMailbox",
                who,
                switches="-ImapEnabled $true -ImapUseProtocolDefaults $false -ImapEnableExactRFC822Size $true",
            ),
        ),
    )


def exchange_standard(values: Values) -> Block:
    """Standard journaling: everything to and from the mailboxes of one database."""
    database = values["database"] or _("<database>")
    recipient = [("Identity", database), ("JournalRecipient", values["journal_address"] or _JOURNAL)]
    return Block(
        id="standard-journaling",
        label=_("Standard journaling (Exchange Management Shell)"),
        text=_lines(_ndr(values), line("Set-MailboxDatabase", recipient)),
    )


def exchange_premium(values: Values) -> Block:
    """Premium journaling: one rule for the whole organisation."""
    return Block(
        id="premium-journaling",
        label=_("Premium journaling (Exchange Management Shell)"),
        text=_lines(_ndr(values), _rule(values), *_proof()),
    )


def postfix_simple(values: Values) -> Block:
    """A copy of everything; the envelope is lost."""
    return Block(
        id="always-bcc",
        label="/etc/postfix/main.cf",
        text=_lines(f"always_bcc = {values['journal_address'] or _JOURNAL}"),
    )


def postfix_envelope(values: Values) -> list[Block]:
    """A copy of everything with the envelope in X-Envelope-To, which nobody else gets to see."""
    journal = values["journal_address"] or _JOURNAL
    note = "regexp:/etc/postfix/envelope-note"
    main = (
        f"always_bcc = {journal}",
        f"smtpd_sender_restrictions = check_sender_access {note}",
        f"smtpd_recipient_restrictions = check_recipient_access {note}",
        "smtp_header_checks = regexp:/etc/postfix/envelope-strip",
        "lmtp_header_checks = regexp:/etc/postfix/envelope-strip",
        "transport_maps = inline:{ {" + journal + " = journal:unix:private/dovecot-lmtp} }",
    )
    master = ("journal unix - - n - - lmtp", "  -o lmtp_header_checks=")
    return [
        Block(id="main-cf", label="/etc/postfix/main.cf", text=_lines(*main)),
        Block(
            id="envelope-note",
            label="/etc/postfix/envelope-note",
            text=_lines("/^(.+@.+)$/ PREPEND X-Envelope-To: <$1>"),
        ),
        Block(
            id="envelope-strip",
            label="/etc/postfix/envelope-strip",
            text=_lines("/^X-Envelope-To:/ IGNORE"),
        ),
        Block(id="master-cf", label="/etc/postfix/master.cf", text=_lines(*master)),
    ]


def _rule(values: Values) -> str:
    parameters = [
        ("Name", values["rule_name"]),
        ("JournalEmailAddress", values["journal_address"] or _("<journal address>")),
    ]
    return line("New-JournalRule", parameters, switches="-Scope Global -Enabled $true")


def _ndr(values: Values) -> str:
    address = values["undeliverable_address"] or _("<address for undeliverable reports>")
    return line("Set-TransportConfig", [("JournalingReportNdrTo", address)])


def _proof() -> tuple[str, ...]:
    return (
        "Get-JournalRule | Format-List Name, Enabled, Scope, Recipient, JournalEmailAddress",
        "Get-TransportConfig | Format-List JournalingReportNdrTo",
    )


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
