"""Every sentence about what went wrong or is worth knowing, by its code: the one catalogue of remarks.

Codes stand in rows and in sealed entries, so one that was given out keeps its meaning. Sentences are written in
English and marked for translation here; who shows one translates it (`remark`, `spoken`).
"""

from collections.abc import Mapping


def _(text: str) -> str:
    """Only a mark, by which `make messages` finds the text: nothing is translated when this is read."""
    return text


SENTENCES: Mapping[str, str] = {
    # What frames the others
    "unknown": _("Something this release does not know (%(code)s)"),
    "server_answered": _("The server answered: “%(said)s”"),
    "system_says": _("The system says: “%(said)s”"),
    "tls_says": _("OpenSSL says: “%(said)s”"),
    "sqlite_says": _("SQLite says: “%(said)s”"),
    "and_also": _("%(one)s; %(other)s"),
    "place_doing": _("%(place)s (%(doing)s)"),
    "not_valid": _("Not valid: %(problems)s"),
    "cage_does_not_close": _(
        "This machine cannot confine the process that reads attachments: it needs Linux with seccomp on x86-64 or ARM64"
    ),
    # What the system says most often
    "system_enoent": _("No such file or directory"),
    "system_eacces": _("Permission denied"),
    "system_eperm": _("Operation not permitted"),
    "system_erofs": _("Read-only file system"),
    "system_eisdir": _("Is a directory"),
    "system_enotdir": _("Not a directory"),
    "system_eio": _("Input/output error"),
    "system_enospc": _("No space left on device"),
    "system_eaddrinuse": _("Address already in use"),
    "system_econnrefused": _("Connection refused"),
    "system_econnreset": _("Connection reset by peer"),
    "system_epipe": _("Broken pipe"),
    "system_enetunreach": _("Network is unreachable"),
    "system_ehostunreach": _("No route to host"),
    "system_etimedout": _("Connection timed out"),
    # Why a certificate is not trusted
    "certificate_not_yet_valid": _("it is not valid yet"),
    "certificate_expired": _("it has expired"),
    "certificate_self_signed": _("it is signed by itself"),
    "certificate_chain_self_signed": _("its root certificate is not trusted here"),
    "certificate_issuer_unknown": _("its issuer is not known here"),
    "certificate_of_other_name": _("it is for another server name"),
    "certificate_other": _("it is not the accepted one"),
    # What was being done
    "doing_connect": _("connecting"),
    "doing_sign_in": _("signing in"),
    "doing_search": _("searching"),
    "doing_capabilities": _("asking what the server can do"),
    "doing_list_folders": _("listing the folders"),
    "doing_open_folder": _("opening the folder '%(folder)s'"),
    "doing_list": _("listing the messages"),
    "doing_count": _("counting the messages"),
    "doing_sizes": _("asking for sizes"),
    "doing_fetch": _("fetching messages"),
    "doing_fetch_one": _("fetching a message"),
    "doing_mark": _("marking archived messages"),
    "doing_delete": _("deleting archived messages"),
    "doing_delete_one": _("deleting an archived message"),
    "doing_move": _("moving archived messages to '%(folder)s'"),
    # Disk, catalogue, settings
    "disk_full": _("The disk is full; make room on it"),
    "reserve_full": _(
        "The disk is full and so is the reserve for entries of reading; make room on it to read"
    ),
    "catalogue_damaged": _("The catalogue is damaged; rebuild it with: amberpost rebuild"),
    "C001": _("The settings cannot be read"),
    "C002": _("Wrong settings: %(problems)s"),
    "C003": _("There is no setting of this name: %(names)s"),
    "C004": _("The file with a setting cannot be read"),
    "C021": _("A server's port is a number from 1 to 65535"),
    "room_too_small": _(
        "Only %(free)d MiB are free on the disk; mail is left where it is until there is room"
    ),
    "catalogue_ahead": _(
        "The catalogue knows %(known)d entries and the log has %(records)d: records are missing"
    ),
    "catalogue_behind": _(
        "The catalogue knows %(known)d of %(records)d entries; start the archive or run: amberpost rebuild"
    ),
    "archive_incomplete": _("The archive is not complete, nothing was changed: %(why)s"),
    "record_out_of_place": _("record %(found)d stands where %(expected)d should"),
    "record_without_key": _("a record has no key: is keys.db an older copy?"),
    "cannot_replace": _("Cannot replace"),
    "cannot_cut": _("Cannot cut"),
    "cannot_write_again": _("Cannot write again"),
    "cannot_write": _("Cannot write"),
    "cannot_sync": _("Cannot sync"),
    "cannot_make_folder": _("Cannot make folder"),
    "cannot_sync_folder": _("Cannot sync folder"),
    "cannot_read": _("Cannot read"),
    "cannot_create": _("Cannot create"),
    "key_database_not_written": _("Cannot write the key database"),
    "key_database_log_not_cut": _("Cannot truncate the log of the key database"),
    "key_database_not_opened": _("Cannot open the key database"),
    # The command line
    "archive_of_other_user": _("This archive belongs to %(owner)s, and you are %(you)s. Run: %(command)s"),
    "owner_not_to_become": _(
        "This archive belongs to %(owner)s, and this machine does not let root become that user"
    ),
    "command_line_wrong": _("%(said_by_parser)s: see %(command)s"),
    "nothing_writable": _("Nothing can be written here, and %(command)s must; what works is: %(others)s"),
    "evaluation_unknown": _("Unknown header evaluation; allowed are %(allowed)s"),
    # Sign-in
    "sign_in_wrong": _("Login and password do not match."),
    "sign_in_wait_a_minute": _("Too many attempts. Please try again in a minute."),
    "sign_in_wait": _("Too many attempts. Please try again in %(minutes)d minutes."),
    "sign_in_password_expired": _(
        "Your password has expired. Please change it as you do for your computer, then sign in here."
    ),
    "sign_in_password_must_change": _(
        "Your password must be changed first. Please change it as you do for your computer, then sign"
        " in here."
    ),
    "sign_in_disabled": _("Your account is disabled in the directory."),
    "sign_in_account_expired": _("Your account in the directory has expired."),
    "sign_in_not_now": _("The directory does not let you sign in at this time, or from here."),
    "sign_in_unknown_here": _(
        "Your password is right, but you have no account in this archive. Please ask your operator."
    ),
    "sign_in_directory_down": _(
        "You are not signed in: the directory cannot be reached, so its users cannot sign in at the "
        "moment. A local operator still can."
    ),
    "microsoft_denied": _("Microsoft did not let you in: you declined, or you are not assigned to this app."),
    "microsoft_consent": _(
        "An administrator of your company must first consent to this app. Please tell your operator."
    ),
    "microsoft_tenant": _(
        "This is an account of another company. Please choose the one of your own company."
    ),
    "microsoft_clock": _(
        "The clocks of this archive and of Microsoft differ too much. Please tell your operator."
    ),
    "microsoft_down": _(
        "Microsoft's sign-in cannot be reached at the moment. A local operator can still sign in."
    ),
    "microsoft_settings": _("The sign-in with Microsoft is not set up correctly. Please tell your operator."),
    "microsoft_untrusted": _(
        "Microsoft's answer cannot be accepted. Please try again, then tell your operator: %(code)s"
    ),
    "microsoft_unknown_here": _(
        "You are signed in with Microsoft as %(name)s, but have no account in this archive. Please "
        "ask your operator."
    ),
    "archive_unknown": _("There is no such archive"),
    "account_wrong": _("An account in this configuration cannot be used"),
    "configuration_damaged": _("This is not an exported configuration, or it is damaged"),
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
    # Notifications
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
    # Microsoft's login: what its codes mean
    "AADSTS7000215": _(
        "The client secret is wrong. Enter the Value of the secret, not its Secret ID. The Value is "
        "shown only once, right after the secret was made; if it is lost, make a new secret."
    ),
    "AADSTS7000222": _(
        "The client secret has expired. Make a new secret for the app and enter its Value here."
    ),
    "AADSTS700016": _(
        "The app is not known in this tenant. Check the client ID (the Application ID, not the Object"
        " ID) and the tenant ID."
    ),
    "AADSTS90002": _("The tenant does not exist. Check the tenant ID."),
    "AADSTS900023": _(
        "The tenant ID is neither a valid ID nor a domain name. Copy it again from the overview."
    ),
    "AADSTS70011": _("The scope is not valid. Leave it as it was preset, it ends in /.default."),
    "AADSTS1002012": _("The scope is not valid. Leave it as it was preset, it ends in /.default."),
    "AADSTS7000112": _(
        "The app is disabled in the tenant. Enable sign-in for it under Enterprise applications."
    ),
    "AADSTS53003": _(
        "A Conditional Access policy blocks the app. Let it in, or sign in from an allowed place."
    ),
    "oauth_refused": _("Microsoft's sign-in refuses the app. Its words and the code say why."),
    # The search index
    "index_of_other_version": _("There is no search index of this version; it must be rebuilt"),
    "index_damaged": _("The search index is damaged and must be rebuilt"),
    "index_not_written": _("The search index could not be written"),
    "index_busy": _("Another process is writing the search index"),
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
    # Jobs and mail that could not be processed
    "job_broke_down": _("An unexpected error (%(kind)s); the log says more"),
    "process_died": _("the process that read it died"),
    "reading_broke_down": _("an unexpected error while reading it (%(kind)s); the log says more"),
    # Findings of a verification
    "segment_name_foreign": _("no segment has such a name"),
    "segment_gone": _("a segment is gone"),
    "promised_records_unknown": _("keys.db does not know promised records"),
    "segment_ends_early": _("the segment ends before its last record"),
    "these_records_unknown": _("keys.db does not know these records"),
    "bytes_without_key": _("%(number)d bytes that no key opens"),
    "object_differs": _("an object is not what its id says"),
    "reference_lacking": _("keys.db lacks a reference"),
    "references_counted": _("%(found)d references, records have %(records)d"),
    "origin_other": _("another origin than the keys belong to"),
    "key_tables_other": _("the tables are not those of this version"),
    "file_cut": _("the file is cut"),
    "slots_missing": _("an unlock slot is missing or damaged"),
    "slot_changed": _("the unlock slot was changed"),
    "mark_of_unknown_log": _("a mark of an unknown log"),
    "checkpoint_covers_more": _("The checkpoint covers %(size)d leaves; there are %(number)d"),
    "leaves_without_checkpoint": _("There are leaves but no checkpoint"),
    "root_not_signed": _("The first %(size)d leaves do not have the signed root"),
    "tile_none": _("No tile has these hashes"),
    "tile_covered": _("The checkpoint covers this tile"),
    "tile_hashes_differ": _("Hashes are not those of the leaves"),
    "intake_without_key": _("an intake log has no key in keys.db"),
    "intake_vanished": _("an intake log vanished while it was read"),
    "frames_damaged": _("frames from %(number)d on are damaged"),
    "frame_does_not_open": _("frame %(number)d does not open"),
    "leaf_no_entry": _("The leaf is no valid entry."),
    "sealed_before_forerunner": _("Sealed %(at)s, before its forerunner: %(last)s. A clock was wrong."),
    "sealed_in_future": _("Sealed %(at)s, which is not yet. A clock was, or is, wrong."),
    "key_month_differs": _("The ledger says %(told)s, the key is wrapped by %(wrapped)s."),
    "content_no_json": _("The content cannot be read (%(kind)s)"),
    "commitment_differs": _("The content is not what the ledger says."),
    "capture_without_row": _("A capture has no row."),
    "row_without_capture": _("A row has no capture."),
    "index_make_anew": _("Rebuild it with: amberpost rebuild --index"),
    "index_counted": _(
        "%(indexed)d documents for %(messages)d messages, %(waiting)d waiting: amberpost rebuild --index"
    ),
    "index_file_unreadable": _("unreadable (%(kind)s)"),
    "index_checksum_differs": _("its checksum differs"),
    "index_file_missing": _("missing"),
    "index_file_cut": _("cut short or overwritten at its end"),
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
    # What recovery finds missing
    "records_fewer": _("%(found)d records are there, %(promised)d were promised"),
    "last_segment_gone": _("the last segment is gone"),
    "last_segment_cut": _("the last segment is cut"),
    "earlier_record_damaged": _("a record before the last segment is damaged"),
    "segment_number_gone": _("segment %(number)d is gone"),
    "intake_file_gone": _("keys.db knows an intake log whose file is gone"),
    "key_row_damaged": _("a key does not open, or its row is damaged"),
    "process_collects": _("Process %(pid)s collects for this archive already; end it first"),
    "process_serves": _("Process %(pid)s serves this archive already; end it first"),
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
    # Lists of people
    "line_row": _("%(line)s (row %(row)d)"),
    "line_column": _("%(line)s, column %(column)d"),
    "csv_no_text": _("This is no list of text; save it as CSV"),
    "csv_cell_without_end": _("A cell has no end; a quote may be missing"),
    "csv_letters_unreadable": _("These letters cannot be read; save the list as CSV UTF-8"),
    "csv_nobody": _("There is nobody in this list"),
    "several_fit": _("Several fit; please give a login or an address. They are: %(names)s"),
    # Users, archives and their readers
    "csv_line_expected": _("Expected: user-id,password,first name,last name,e-mail[,further e-mail...]"),
    "csv_user_id_invalid": _("A user-id has letters, umlauts, digits and - _ . only"),
    "line_number": _("line %(number)d"),
    "users_at_most": _("At most %(number)d users at once; use a CSV file for more"),
    "person_line_expected": _("Expected: Name <address>, further addresses"),
    "microsoft_sign_in_absent": _("Signing in with Microsoft is not set up here."),
    "microsoft_sign_in_stale": _(
        "This sign-in is no longer valid: it was used before, took too long or began elsewhere. "
        "Please begin again."
    ),
    "login_invalid": _("A login has letters, digits and . @ + - _ only"),
    "login_taken": _("This login is taken"),
    "role_unknown": _("There is no such role"),
    "user_without_archive": _("This user has no archive"),
    "password_of_directory": _("This user signs in with the directory's password"),
    "user_disabled_by_directory": _("The directory has disabled this user, or no longer knows them"),
    "user_unknown": _("There is no such user"),
    "public_archives_off": _(
        "With the local list there are only private archives, unless that is switched on"
    ),
    "archive_name_missing": _("An archive needs a name"),
    "archive_of_person_private": _("A person's archive is private"),
    "reader_unknown": _("There is no such user or group"),
    "private_archive_not_released": _("A private archive cannot be released"),
    "not_a_group": _("This is not a group"),
    "only_departed_handed_over": _("Only the archive of a departed user can be handed over"),
    "reason_missing": _("Please give a reason; it is recorded"),
    "user_may_not_read": _("This user may not read mail, or may not sign in"),
    "seats_exceeded": _(
        "There are more active users than seats; mail is left where it is until there are enough"
    ),
    "link_used": _("This link has been used or is no longer valid."),
    "directory_shrank": _(
        "The directory names far fewer people or addresses than before; nothing was changed"
    ),
    # The command line, besides
    "folder_closed": _("This folder is closed to you; only its owner may use it"),
    "not_released_to_reader": _("It is not released to this reader"),
    "this_file_unreadable": _("This file cannot be read"),
    "file_unreadable": _("The file cannot be read"),
    "passphrase_unreadable": _("The passphrase cannot be read"),
    "file_unwritable": _("The file cannot be written"),
    "no_free_port": _("No free port was found; choose one with --port"),
    "demo_over_archive": _("There is an archive already; a demo wants a folder of its own"),
    "directory_secret_unknown": _("This kind of directory has no such secret"),
    "directory_field_unknown": _("This kind of directory has no such field"),
    "not_an_own_domain": _("This is not one of your own domains"),
    "file_larger_than_mail": _("This file is larger than any mail that is archived"),
    "account_unknown_or_off": _("There is no such account, or it is switched off"),
    "archive_there_already": _("There is an archive already"),
    "key_file_within_data": _("The key file must lie outside the data folder"),
    "key_file_place_refused": _(
        "The key file cannot be made there by the owner of the data folder; AMBERPOST_KEY_FILE names "
        "another place"
    ),
    "owner_may_not": _("The archive's owner may not do this"),
    "database_fails": _("The database does not do its work"),
    "seats_negative": _("There cannot be fewer than no seats"),
    "password_missing": _("The password is missing"),
    "account_unknown": _("There is no such account"),
    "not_megabytes": _("This is not a number of MB"),
    "not_an_iso_date": _("This is not a date such as 2027-05-03"),
    "this_file_unwritable": _("This file cannot be written"),
    "verify_disturbed": _(
        "The archive was opened or closed again and again while it was verified; try again"
    ),
    # Processes
    "cannot_lock": _("Cannot lock"),
    "database_busy": _("Another process has been changing the database for too long"),
    "database_missing": _("The database of this archive is missing; rebuild it with: amberpost rebuild"),
    "database_of_other_release": _(
        "The database has the shape of another release; any command that may write brings it to this one"
    ),
    "database_of_strange_release": _(
        "Another release of Amberpost made this database (%(migration)s). Go on with that release, or export the mail "
        "with it and import it here"
    ),
    "pages_address_taken": _(
        "The pages cannot be served there; end the program that has this address, or choose another "
        "one with --listen or the setting `listen`"
    ),
    "not_judged": _("Not readable for this user, so nothing is said about it"),
    # Directories, besides
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
    # The ledger and its proofs
    "checkpoint_foreign": _("Checkpoint is of another log"),
    "checkpoint_malformed": _("Checkpoint is malformed"),
    "root_length_wrong": _("Root hash has the wrong length"),
    "leaves_fewer": _("Fewer leaves than the checkpoint covers"),
    "checkpoint_none": _("The log has no checkpoint yet"),
    "tiles_too_short": _("The ledger's tiles do not reach that far; rebuild them"),
    "ledger_read_only": _("The ledger is open for reading only"),
    "leaves_differ": _("Leaves are not those of the checkpoint"),
    "verification_key_malformed": _("Verification key is malformed"),
    "note_text_forbidden": _("Text or name cannot be in a signed note"),
    "note_not_signed_by_key": _("Note is not signed by this key, or more than once"),
    "base64_not_canonical": _("Base64 is not canonical"),
    "note_too_large": _("Note is too large"),
    "note_control_characters": _("Note holds control characters"),
    "note_unsigned": _("Note has no signatures"),
    "note_signatures_wrong": _("Note has no signatures or too many"),
    "signature_line_malformed": _("Signature line is malformed"),
    "signature_too_short": _("Signature is too short"),
    "signature_mismatch": _("Signature does not match"),
    "base64_malformed": _("Base64 is malformed"),
    "note_not_utf8": _("Note is not UTF-8"),
    "proof_malformed": _("Proof is malformed"),
    "proof_hash_length_wrong": _("Proof holds a hash of the wrong length"),
    "proof_leads_elsewhere": _("Proof does not lead from the leaf to the root"),
    "tile_missing": _("Tile is missing; rebuild the ledger's tiles"),
    "tile_damaged": _("Tile is damaged; rebuild the ledger's tiles"),
    # Messages
    "attachment_unknown": _("No such attachment"),
    # Notifications, besides
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
    # Login servers
    "login_server_refuses": _("The login server refuses"),
    "login_server_unreachable": _("The login server cannot be reached"),
    "tenant_not_single": _("The tenant must be a single one"),
    "login_server_other_tenant": _("The login server answers for another tenant"),
    "id_token_none": _("The login server gave no ID token"),
    "id_token_other_attempt": _("The ID token is of another attempt"),
    "id_token_other_tenant": _("The ID token is of another tenant"),
    "id_token_nobody": _("The ID token names nobody"),
    "tenant_untold": _("The login server does not tell about the tenant"),
    "login_server_misunderstood": _("The login server gave an answer we do not understand"),
    "id_token_key_unknown": _("The ID token has an unknown key"),
    "login_server_foreign_address": _("The login server names a foreign address"),
    "clocks_differ": _("The clocks differ"),
    "id_token_bad": _("The ID token is not good"),
    "login_server_no_token": _("The login server gave an answer without a token"),
    "login_server_no_lifetime": _("The login server does not say how long the token is good"),
    "login_server_asks_to_wait": _("The login server asks us to wait"),
    "login_server_untrusted": _("The certificate of the login server cannot be trusted"),
    "login_server_timeout": _("The login server did not answer in time"),
    "login_server_too_large": _("The answer of the login server is too large"),
    "login_server_no_http": _("The login server does not speak HTTP"),
    "user_or_server_control_characters": _("The user name or server contains control characters"),
    # Searches
    "not_a_date": _("This is not a date; write 2024, 2024-05, 2024-05-17 or 17.05.2024"),
    "not_readable": _("Not readable for this user"),
    "index_not_for_writing": _("The search index is not open for writing"),
    "prefix_too_common": _("Too many words begin with what stands before *; write more"),
    "prefix_too_short": _("The wildcard * needs at least %(limit)d letters or digits before it"),
    "operator_alone": _("%(operator)s needs a search term on both sides"),
    "colon_without_term": _("Something to search for is missing after the colon"),
    "search_too_long": _("The search text is too long (at most %(limit)d characters)"),
    "search_without_letter": _("There is no letter or digit to search for"),
    "wildcard_inside": _("The wildcard * is possible only at the end of a word"),
    "prefix_too_long": _("The word before * is too long (at most %(limit)d)"),
    "not_alone": _("NOT needs a search term after it"),
    "not_a_size": _("This is not a size; write 500k, 5M or 1.5G"),
    "not_a_message_number": _("This is not the number of a message"),
    "has_unknown": _("has: knows only has:attachment"),
    "is_unknown": _("is: knows only is:truncated"),
    "parentheses_too_deep": _("Parentheses are nested too deeply (at most %(limit)d)"),
    "phrase_too_long": _("A phrase is too long (at most %(limit)d words)"),
    "terms_too_many": _("There are too many search terms (at most %(limit)d)"),
    "prefix_phrases_too_many": _("Too many of the words with * are made of several (at most %(limit)d)"),
    # Mail sources, besides
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
    # Keys and the store
    "leaf_size_wrong": _("A leaf must have 1 to 1,024 bytes"),
    "object_not_kept": _("A record refers to an object that is not kept"),
    "references_damaged": _("Damaged references"),
    "new_file_taken": _("A new file was taken away"),
    "file_closed": _("File is closed or failed before; open the archive again"),
    "cannot_remove": _("Cannot remove"),
    "cannot_open": _("Cannot open"),
    "not_within_file": _("Not within the file"),
    "intake_interrupted": _("The intake log was interrupted"),
    "intake_failed": _("The intake log failed; open the archive again"),
    "key_database_foreign": _("Not a key database, or of an unknown version"),
    "key_database_failed": _("The key database failed before; open the archive again"),
    "key_database_damaged": _("The key database is damaged; restore it from a backup"),
    "key_database_unreadable": _("The key database cannot be read"),
    "key_file_damaged": _("The key file is damaged"),
    "key_file_closed": _(
        "The key file may not be read by this user; it must belong to the owner of the archive"
    ),
    "key_file_unreadable": _("Cannot read the key file"),
    "key_file_unwritable": _("Cannot write the key file"),
    "durable_mark_damaged": _("Damaged durable mark"),
    "intake_key_gone": _("The key of a new intake log is gone"),
    "intake_key_none": _("No key for an intake log"),
    "setting_does_not_open": _("A sealed setting does not open"),
    "kek_unknown": _("Unknown key-encryption key"),
    "intake_key_does_not_open": _("The key of an intake log does not open"),
    "key_file_slot_none": _("There is no slot for the key file"),
    "passphrase_wrong_slot": _("The passphrase opens no slot"),
    "key_database_missing": _("The key database is missing; restore it from a backup"),
    "key_database_empty": _("The key database is empty; restore it from a backup"),
    "file_damaged": _("Damaged file"),
    "format_version_unknown": _("Unknown format version"),
    "key_file_foreign": _("The key file belongs to another archive"),
    "key_not_given": _("Neither a key file nor a passphrase is given"),
    "archive_none": _("There is no archive here"),
    "there_already": _("Already there; nothing was changed"),
    "key_file_does_not_open": _("The key file does not open its slot"),
    "object_missing": _("An object is missing"),
    "record_unknown": _("No such record"),
    "record_damaged": _("A record is damaged"),
    "row_damaged": _("A damaged row"),
    "number_damaged": _("A damaged number"),
    "data_key_does_not_open": _("A data key does not open"),
    "slot_damaged": _("Damaged passphrase slot"),
    "message_cannot_be_joined": _("A kept message cannot be joined"),
    "store_read_only": _("The store is open for reading only"),
    "store_write_failed": _("A write failed before; open the archive again"),
    "segment_written_by_other": _("Somebody else wrote to the segment"),
    "worker_busy": _("Another process is the worker of this archive"),
    # The archive
    "catalogue_fell_behind": _("The catalogue has fallen behind the log; the worker must start again"),
    "clock_before_first_archive": _("The clock is behind the first archive there ever was; set it right"),
    "passphrase_too_short": _("The passphrase needs at least %(number)d characters"),
    "configuration_not_empty": _(
        "This archive has users or accounts already; a configuration can be imported only into an empty one"
    ),
    "configuration_needs_passphrase": _(
        "This configuration carries secrets; give its passphrase, or leave them out"
    ),
    "configuration_login_taken": _(
        "This login belongs to somebody else in the configuration; set up with another login"
    ),
    "configuration_newer": _(
        "This configuration was made by a newer Amberpost; please update this one first"
    ),
    "configuration_not_first": _(
        "Something has been set up here already; a configuration must be imported first"
    ),
    "configuration_does_not_open": _("The passphrase is wrong, or the file was changed"),
    "directory_surprise": _("An unexpected error; the log says more"),
    "directory_busy": _("The directory is being read at this moment; please try again in a minute"),
    "directory_is_local": _("The local list is in use: there is no directory to read"),
    "directory_incomplete": _("The settings of the directory are not complete"),
    "captures_whole_only": _("Captures can be exported only for the whole archive: they name Bcc recipients"),
    "folder_not_empty": _("The folder is not empty"),
    "index_missing": _("The search index is missing or damaged; rebuild it with: amberpost rebuild --index"),
    "doubt_unknown": _(
        "The folder does not say where it was at work, as after a restore without its place.json."
    ),
    "doubt_imported": _("Users, accounts and settings came from the configuration of another archive."),
    "doubt_path": _("The archive was at work under another path."),
    "doubt_files": _("The files in this folder are copies of those it was at work with."),
    "doubt_machine": _("The archive was at work on another machine."),
    "place_unconfirmed": _(
        "Nobody has confirmed that this is the archive and not a copy of it. If it is: amberpost place confirm"
    ),
    "archive_none_here": _("There is no archive here; make one with: amberpost init --data"),
    "entry_without_message": _("This entry holds no message"),
    "attachment_none": _("There is no such attachment"),
    "message_none": _("There is no such message, or you may not see it"),
    # Pages
    "password_of_company": _("You sign in with the password of your company's directory"),
    "no_html_part": _("No HTML part"),
}
