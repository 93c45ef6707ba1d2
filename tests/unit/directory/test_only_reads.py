"""The directory is read and never written to, whatever the rights of the account."""

import re
from pathlib import Path
from typing import Any, cast

import pytest
from ldap3.core.exceptions import LDAPConnectionIsReadOnlyError

from amberpost.directory.ldap import session as ldap_session
from amberpost.directory.ldap.line import LdapLine
from amberpost.directory.ldap.session import _speaker


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("modify", ("uid=x", {"sn": [("MODIFY_REPLACE", ["y"])]})),
        ("delete", ("uid=x",)),
        ("modify_dn", ("uid=x", "uid=y")),
    ],
)
def test_no_change_of_an_entry_leaves_a_session(act: str, words: tuple[Any, ...]) -> None:
    with pytest.raises(LDAPConnectionIsReadOnlyError):
        getattr(_speaker(cast(LdapLine, object())), act)(*words)


def test_a_session_knows_no_other_acts_than_signing_in_and_looking() -> None:
    """The library lets a new entry pass even where it is told to read only."""
    source = Path(ldap_session.__file__).read_text()
    acts = set(re.findall(r"connection\.(add|modify|modify_dn|delete|bind|search|extended)\(", source))
    assert acts == {"bind", "search", "extended"}
