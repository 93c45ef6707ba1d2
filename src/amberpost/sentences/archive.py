"""The folder of the archive: disk, keys, records, database, index, jobs and processes."""

from collections.abc import Mapping

from amberpost.sentences.mark import _

SENTENCES: Mapping[str, str] = {
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
    # The search index
    "index_of_other_version": _("There is no search index of this version; it must be rebuilt"),
    "index_damaged": _("The search index is damaged and must be rebuilt"),
    "index_not_written": _("The search index could not be written"),
    "index_busy": _("Another process is writing the search index"),
    # Jobs and mail that could not be processed
    "job_broke_down": _("An unexpected error (%(kind)s); the log says more"),
    "process_died": _("the process that read it died"),
    "reading_broke_down": _("an unexpected error while reading it (%(kind)s); the log says more"),
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
    # Messages
    "attachment_unknown": _("No such attachment"),
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
}
