"""What stands around other sentences, and what the system says."""

from collections.abc import Mapping

from amberpost.sentences.mark import _

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
}
