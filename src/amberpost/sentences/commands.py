"""The command line."""

from collections.abc import Mapping

from amberpost.sentences.mark import _

SENTENCES: Mapping[str, str] = {
    "archive_of_other_user": _("This archive belongs to %(owner)s, and you are %(you)s. Run: %(command)s"),
    "owner_not_to_become": _(
        "This archive belongs to %(owner)s, and this machine does not let root become that user"
    ),
    "command_line_wrong": _("%(said_by_parser)s: see %(command)s"),
    "nothing_writable": _("Nothing can be written here, and %(command)s must; what works is: %(others)s"),
    "evaluation_unknown": _("Unknown header evaluation; allowed are %(allowed)s"),
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
}
