"""Users, archives and who reads them."""

from collections.abc import Mapping

from amberpost.sentences.mark import _

SENTENCES: Mapping[str, str] = {
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
}
