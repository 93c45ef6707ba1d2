"""Mail servers, accounts and files that mail comes from."""

from collections.abc import Mapping

from amberpost.sentences.mark import _

SENTENCES: Mapping[str, str] = {
    # Why a certificate is not trusted
    "certificate_not_yet_valid": _("it is not valid yet"),
    "certificate_expired": _("it has expired"),
    "certificate_self_signed": _("it is signed by itself"),
    "certificate_chain_self_signed": _("its root certificate is not trusted here"),
    "certificate_issuer_unknown": _("its issuer is not known here"),
    "certificate_of_other_name": _("it is for another server name"),
    "certificate_other": _("it is not the accepted one"),
    # Mail sources
    "source_timeout": _("The server did not answer in time while %(doing)s"),
    "source_lost": _("The connection was lost while %(doing)s"),
    "source_answer_unfit": _("The answer is too large or cannot be understood while %(doing)s"),
    "source_answer_too_large": _("The answer is larger than we can hold while %(doing)s"),
    "source_misunderstood": _("The server gave an answer we do not understand while %(doing)s"),
    "source_refused": _("The server refused %(doing)s"),
    "run_cut_off": _("The process ended in the middle of the last run"),
    "left_above_limit": _("larger than the limit"),
    "left_above_ceiling": _("larger than we can hold"),
    "left_without_content": _("the server does not give its content"),
    "note_uids_again": _("the server gives UIDs of '%(folder)s' out again; it is read anew"),
    "note_other_sizes": _("the server announces other sizes than it delivers"),
    "note_read_only": _("mail stays in '%(folder)s': the server lets us read it only"),
    "note_moved": _("mail is moved to '%(folder)s': the server cannot delete single messages"),
    "note_no_removal": _("mail stays on the server: it offers neither UIDPLUS nor MOVE"),
    "note_removal_refused": _("mail stays on the server: %(error)s"),
    "note_uidls_equal": _("the server does not tell all messages apart; some are read at every poll"),
    "note_deletes_itself": _("the server deletes mail by itself once it was read"),
    "note_waiting": _("%(number)d wait to be sealed: the clock is not right"),
    "private_key_given": _("This is a private key. Here belongs the root certificate, which is public."),
    "fingerprint_invalid": _("A SHA-256 fingerprint has 64 hexadecimal digits."),
    "not_pem": _("This is not a certificate in PEM form (it begins with -----BEGIN CERTIFICATE-----)."),
    "server_invalid": _("The server is a host name, with a port if needed: mail.example.com:993"),
    "server_missing": _("The server is missing"),
    "user_name_missing": _("The user name is missing"),
    "account_oauth_needs_app": _("OAuth 2 needs the tenant id and the client id of the app registration"),
    "account_oauth_needs_secret": _("OAuth 2 needs the client secret: the value, not its id"),
    "insecure_token_not_allowed": _(
        "Without connection security others could read the token; allow it explicitly"
    ),
    "not_a_domain": _("This is not a mail domain, such as example.com"),
    "token_refused": _(
        "The mail server refuses the app's token. One of these is the reason: %(role)s has no admin "
        "consent; the service principal is missing in Exchange or was made with the wrong Object ID "
        "(the right one stands under Enterprise applications); the app has no FullAccess to the "
        "mailbox; IMAP or POP is switched off for the mailbox. A change can take 30 minutes until it "
        "works"
    ),
    "exchange_no_passwords": _(
        "Exchange Online has taken no passwords since 2022: choose OAuth 2 for this account"
    ),
    "server_too_busy": _("The server is busy and asks us to come back later"),
    "exchange_mailbox_closed": _(
        "The login works, but the server does not open the mailbox: %(user)s is not the mailbox the "
        "app may open, the permission FullAccess is missing, or too many sessions are open"
    ),
    "token_expired": _("The app's token has expired in the middle of a session"),
    "token_without_role": _(
        "The mail server refuses the app's token, which does not carry the permission %(role)s: add "
        "it to the app as an application permission of Office 365 Exchange Online and grant admin "
        "consent"
    ),
    "no_such_file": _("There is no such file or folder"),
    "login_refused": _("The server does not accept the user name or password"),
    "login_nul": _("The user name or password contains a NUL character"),
    "login_not_now": _("The server cannot let us in at the moment"),
    "login_ascii_only": _("This server accepts only plain ASCII in user name and password"),
    "password_not_here": _("The server does not accept a password on this connection"),
    "folder_control_characters": _("A folder name cannot hold control characters"),
    "signed_in_before_starttls": _(
        "The server has signed us in before STARTTLS, so the connection would stay in clear text"
    ),
    "starttls_missing_password": _(
        "The server does not offer STARTTLS, and without it the password would travel in clear text"
    ),
    "login_control_characters": _("The user name or password contains control characters"),
    "mailbox_in_use": _("Another session has the mailbox open"),
    "no_uidl": _("The server does not tell messages apart (UIDL); collect this mailbox over IMAP"),
    "account_without_oauth": _("This account has no OAuth 2 login"),
    "test_too_long": _("The test took too long and was ended."),
    "folder_unknown": _("There is no such folder"),
    "starttls_missing": _("The server does not offer STARTTLS"),
    "name_lookup_timeout": _("Looking up the server name takes too long"),
    "tls_timeout": _("The server did not answer in time while TLS began"),
    "tls_cannot_begin": _("TLS cannot begin"),
    "tls_connection_lost": _("The connection was lost while TLS began"),
    "nobody_answers": _("Nobody answers"),
    "server_unreachable": _("The server cannot be reached"),
    "certificate_not_accepted": _("The server shows another certificate than the one that was accepted"),
    "token_needs_tls": _("Without TLS anybody on the way could read the token; choose SSL or STARTTLS"),
    "surprise": _(
        "An unexpected answer of the server, or a mistake in our collecting: %(kind)s; details are in the log"
    ),
    # Files that are left, and what was noticed in others
    "file_outlook_message": _("an Outlook message (.msg) or Office document: cannot be read yet"),
    "file_outlook_data": _("an Outlook data file (.pst, .ost): cannot be read yet"),
    "file_outlook_express": _("an Outlook Express folder (.dbx): cannot be read"),
    "file_mbx": _("a UW IMAP mailbox (mbx): cannot be read"),
    "file_babyl": _("an Emacs mailbox (Babyl): cannot be read"),
    "file_notes": _("a Notes database: cannot be read"),
    "file_7zip": _("a 7-Zip archive: cannot be unpacked"),
    "file_rar": _("a RAR archive: cannot be unpacked"),
    "file_zstd": _("packed with zstd: cannot be unpacked"),
    "file_thunderbird_index": _("an index of Thunderbird"),
    "file_database": _("a database"),
    "file_picture": _("a picture"),
    "file_document": _("a document"),
    "file_text": _("text without a mail header"),
    "file_empty": _("empty"),
    "file_binary": _("binary data, not mail"),
    "file_deleted": _("deleted in its mailbox, and not yet removed"),
    "file_link": _("a symbolic link: not followed; name what it points to"),
    "file_no_file": _("no file: a pipe, socket or device"),
    "file_unreadable_there": _("cannot be read"),
    "file_note_partial": _("without its attachments: Apple Mail keeps them in files beside it"),
    "file_packed_deep": _("packed more than %(number)d times"),
    "file_note_mboxo": _("lines that begin with >From are kept as they are: the file may be mboxo"),
    "file_note_separators": _(
        "%(number)d lines look like separators of another program and are kept as text of a message"
    ),
    "file_above_ceiling": _("larger than %(number)d bytes"),
    "file_of_manager": _("not mail: of a file manager"),
    "file_being_delivered": _("was being delivered (Maildir tmp): nobody knows whether it is whole"),
    "file_swollen": _("unpacks to more than %(number)d times its size: the rest is not read"),
    "file_too_many": _("holds more than %(number)d files: the rest is not read"),
    "file_document_or_program": _("a document or program"),
    "file_encrypted": _("encrypted"),
    "file_rest_damaged": _("damaged: the rest cannot be read"),
    "file_link_or_device": _("a link or device"),
    "file_packing_unknown": _("packed in a way that cannot be unpacked"),
    "file_damaged_inside": _("damaged"),
}
