"""Directories, their connection and what is read there."""

from collections.abc import Mapping

from amberpost.sentences.mark import _

SENTENCES: Mapping[str, str] = {
    # Directories
    "graph_permission_missing": _(
        "The app lacks the permission %(permission)s (of the kind Application), or nobody has given "
        "admin consent"
    ),
    "directory_server_none": _("No server is named"),
    "directory_servers_fail": _("No server of the directory could be used"),
    "directory_account_disabled": _("The account for reading the directory is disabled"),
    "directory_account_locked": _("The account for reading the directory is locked"),
    "directory_account_password_expired": _(
        "The password of the account for reading the directory has expired; set one that does not"
    ),
    "directory_account_expired": _("The account for reading the directory has expired"),
    "directory_account_not_now": _(
        "The account for reading the directory is not let in at this time or from here"
    ),
    "directory_login_refused": _("The directory does not accept the user name or password"),
    "object_guid_missing": _(
        "The directory does not tell the objectGUID; the account needs the right to read it"
    ),
    "filter_without_brackets": _("A filter stands in brackets, such as (objectClass=inetOrgPerson)"),
    "something_missing": _("Something is missing"),
    "directory_interval_short": _("A directory is read every %(minutes)d minutes at most"),
    "graph_misunderstood": _("Microsoft Graph gave an answer we do not understand"),
    "graph_consent_missing": _("Missing, or without admin consent (of the kind Application)"),
    "graph_error": _("Microsoft Graph answers with an error"),
    "graph_broke_off": _("Microsoft Graph broke off its answer"),
    "graph_token_refused": _("Microsoft Graph does not accept our token"),
    "graph_address_invalid": _("The address of Microsoft Graph must begin with https:// and have no path"),
    "graph_fails": _("Microsoft Graph fails"),
    "graph_half_an_answer": _("Microsoft Graph gave half an answer"),
    "graph_asks_to_wait": _("Microsoft Graph asks us to wait for longer than we do"),
    "graph_leads_away": _("Microsoft Graph leads to another server; this is not followed"),
    "graph_too_much": _("Microsoft Graph answers with more than we take"),
    "graph_endless": _("Microsoft Graph sends pages without an end"),
    "certificate_untrusted": _("The certificate of the server cannot be trusted"),
    "graph_timeout": _("Microsoft Graph did not answer in time"),
    "graph_unreachable": _("Microsoft Graph cannot be reached"),
    "directory_sign_in_needs_tls": _("Signing in with the directory needs STARTTLS or SSL"),
    "base_dn_unnamed": _("The server does not name a base DN; enter it"),
    "server_refused": _("The server refused"),
    "directory_broke_off": _("The directory broke off in the middle of a long list"),
    "server_misunderstood": _("The server gave an answer we do not understand"),
    "directory_cuts_short": _(
        "The server cuts the answer short; raise the limits it has for this account (OpenLDAP: "
        "olcLimits with size.prtotal=unlimited)"
    ),
    "base_dn_unknown": _("The server has no such base DN"),
    "directory_right_missing": _("This account may not read that"),
    "connection_lost": _("The connection was lost"),
    "directory_too_much": _("The directory answers with more than we take; narrow the base DN"),
    "directory_endless": _("The directory sends pages without an end"),
    "directory_wants_tls": _("The server asks for an encrypted connection; choose STARTTLS or SSL"),
    "directory_tls_fails": _("No encrypted connection comes about; check port and encryption"),
    "server_name_unknown": _("The server name is not known"),
    "address_forbidden": _(
        "Amberpost never connects to such an address: it is link-local, multicast, reserved, or that of a cloud's "
        "metadata service"
    ),
    "address_is_ours": _("At this address and port Amberpost itself listens; enter the other server"),
    "server_timeout": _("The server did not answer in time"),
    "answer_too_large": _("The answer is larger than we take"),
    "nothing_listens": _("Nothing listens there; check name, port and firewall"),
    "filter_invalid": _("The filter cannot be understood"),
    "directory_starttls_missing": _(
        "The server does not offer STARTTLS, and without it passwords would travel in clear text"
    ),
    "not_an_address": _("This is not an e-mail address"),
    "addresses_of_directory": _("The directory decides about the addresses of this archive"),
    "address_taken": _("This address belongs to another archive"),
    "entry_uuid_missing": _(
        "The directory does not tell the entryUUID; the account needs the right to read it"
    ),
    "directory_without_server": _("This directory is not read: it has no server"),
    "server_name_unknown_here": _(
        "The server name is not known here; check its spelling and the name server"
    ),
    "root_certificate_invalid": _("The root certificate is not valid PEM text"),
    # What was noticed while a directory was read
    "hint": _("%(reason)s (%(number)d): %(examples)s"),
    "hint_unreadable": _("Not readable as a mail address"),
    "hint_rooms": _("Left out, because rooms and equipment are not archived"),
    "hint_rights_shared": _("Rights on shared mailboxes cannot be read; release these archives by hand"),
    "hint_guests": _("Left out, because they are guests: their mail is elsewhere"),
    "hint_no_address": _("Left out, because they have no mail address"),
    "hint_no_exchange_mailbox": _("Have an address, but no mailbox in Exchange Online; taken as people"),
    "hint_kind_unknown_taken": _("Their kind of mailbox is not known; taken as people"),
    "hint_hidden_members": _("Groups with hidden members need the permission Member.Read.Hidden too"),
    "hint_system": _("Left out, because they belong to the system"),
    "hint_dynamic_groups": _("Members of dynamic groups cannot be read; release these archives by hand"),
    "hint_rights_folders": _("Rights on public folders cannot be read; release these archives by hand"),
    "hint_no_mailbox": _("Left out, because they have no mailbox in the company"),
    "hint_kind_unknown": _("Left out, because their kind of mailbox is not known"),
    "hint_settings_permission": _(
        "The permission MailboxSettings.Read is missing: shared mailboxes and rooms are not told "
        "apart from people"
    ),
    "hint_disabled": _("Disabled accounts with a user mailbox: people who left, or older shared mailboxes"),
}
