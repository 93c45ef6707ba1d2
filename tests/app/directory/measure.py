"""Read a directory once in a process of its own and print what it took, as JSON.

python -m tests.app.directory.measure HOST:PORT USER PASSWORD CA-FILE
"""

import json
import os
import resource
import sys
import time
from pathlib import Path


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "amberpost.site.settings"
    import django

    django.setup()
    from amberpost.directory.ldap.reader import read_directory
    from amberpost.directory.settings import LdapKind, LdapSettings
    from amberpost.store.secret import Secret

    host, user, password, ca_file = sys.argv[1:]
    settings = LdapSettings(
        kind=LdapKind.AD,
        hosts=(host,),
        user=user,
        password=Secret(password.encode()),
        ca_pem=Path(ca_file).read_text(),
    )
    before = resource.getrusage(resource.RUSAGE_SELF)
    start_mib = _peak_mib()
    started = time.monotonic()
    found = read_directory(settings)
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    people = [entry for entry in found.entries if entry.kind == "person"]
    groups = [entry for entry in found.entries if entry.kind == "group"]
    print(
        json.dumps(
            {
                "people": len(people),
                "groups": len(groups),
                "memberships": sum(len(entry.members) for entry in groups),
                "largest": max(len(entry.members) for entry in groups),
                "seconds": round(seconds, 1),
                "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
                "start_mib": start_mib,
                "peak_mib": _peak_mib(),
            }
        )
    )


def _peak_mib() -> int:
    """ru_maxrss would count what the parent had before exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()
