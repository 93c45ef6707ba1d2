"""Every sentence about what went wrong or is worth knowing, by its code: the one catalogue of remarks, a file for each
subject.

Codes stand in rows and in sealed entries, so one that was given out keeps its meaning. Sentences are written in
English and marked for translation here; who shows one translates it (`remark`, `spoken`).
"""

from collections.abc import Mapping

from amberpost.sentences import (
    archive,
    commands,
    directory,
    findings,
    frame,
    notices,
    pages,
    people,
    sign_in,
    sources,
)

BY_SUBJECT = (archive, commands, directory, findings, frame, notices, pages, people, sign_in, sources)
SENTENCES: Mapping[str, str] = {
    code: text for subject in BY_SUBJECT for code, text in subject.SENTENCES.items()
}
