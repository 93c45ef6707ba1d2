"""Notifications, their relay and webhook."""

from collections.abc import Mapping

from amberpost.sentences.mark import _

SENTENCES: Mapping[str, str] = {
    "relay_silent": _("The server does not answer. Check name, port and firewall"),
    "relay_port_closed": _("Nothing answers on this port. Check the port and whether the server runs"),
    "relay_unreachable": _("The server cannot be reached. Check the network"),
    "relay_certificate_untrusted": _(
        "The certificate of the server cannot be trusted. If it is your own, give its root certificate"
    ),
    "relay_without_tls": _("The server does not speak TLS on this port. Check port and connection security"),
    "server_is_internal": _("This server is in your own network. If that is right, say so in the settings"),
    "relay_starttls_missing": _(
        "The server does not offer STARTTLS, and nothing is sent in clear text. Perhaps SSL on port 465"
    ),
    "smtp_auth_off": _(
        "SMTP AUTH is switched off for this mailbox or its tenant. Switch it on for the mailbox: "
        "Exchange admin center, Mailboxes, Manage email apps settings, Authenticated SMTP"
    ),
    "relay_token_without_role": _(
        "The server refuses the app's token, which does not carry the permission %(role)s: add it to "
        "the app as an application permission of Office 365 Exchange Online and grant admin consent"
    ),
    "relay_token_refused": _(
        "The server refuses the app's token. Perhaps the service principal is missing in Exchange or "
        "was made with the wrong Object ID, or the app has no FullAccess to the mailbox named as "
        "user. A change can take 30 minutes until it works"
    ),
    "relay_takes_no_mail": _("This server does not take mail. Check name and port"),
    "relay_starttls_refused": _("The server offers STARTTLS and then refuses it"),
    "relay_sender_refused": _("The server does not accept the sender address"),
    "relay_recipients_refused": _(
        "The server does not accept the recipients. Perhaps it wants a user and a password"
    ),
    "relay_some_refused": _("The server does not accept: %(addresses)s"),
    "relay_message_refused": _("The server does not take the message"),
    "webhook_redirects": _("The server redirects, and redirects are not followed. Give the final address"),
    "webhook_not_known": _("The server does not know this address or does not let us in"),
    "webhook_refused": _("The server refuses the message"),
    "recipients_at_most": _("At most %(number)d recipients; use a mailing list"),
    "oauth_needs_relay": _("OAuth 2 is for a mail relay: give smtp.office365.com"),
    "oauth_needs_mailbox": _("OAuth 2 needs the mailbox that sends as user"),
    "oauth_needs_app": _("OAuth 2 needs tenant ID and client ID"),
    "oauth_needs_secret": _("OAuth 2 needs the client secret"),
    "login_server_needs_https": _("The address of the sign-in server must begin with https://"),
    "language_unknown": _("There is no such language"),
    "relay_needs_recipient": _("The mail relay needs at least one recipient"),
    "password_needs_tls": _(
        "A password is not sent without TLS: leave the user empty, or use STARTTLS or SSL"
    ),
    "disk_figures_swapped": _("The disk is nearly full only after it is filling: check both figures"),
    "password_without_tls": _("A password is not sent without TLS"),
    "token_without_tls": _("A token is not sent without TLS"),
    "no_token_login": _("The server offers no sign-in with a token (XOAUTH2)"),
    "no_known_sign_in": _("The server offers no sign-in that we know. Leave the user empty"),
    "nobody_notified": _("Nobody is notified yet: give a mail relay with recipients, or a webhook address"),
    "not_a_web_address": _("This is not a web address"),
    "webhook_address_forbidden": _("The webhook address must have no user, password or # part"),
    "http_only_internal": _("Plain http is possible only for a server in your own network"),
    "not_a_web_server": _("The server does not answer as a web server should"),
}
