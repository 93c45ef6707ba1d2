"""What an intake frame holds comes back as it went in; the facts of entries are canonical and bounded."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from amberpost.handover import CaptureId, Incoming, Origin
from amberpost.message.types import Envelope, EnvelopeRecipient, RecipientKind, Redirection, RedirectionKind
from amberpost.road.frame import capture_fields, decode_frame, encode_frame, taken

_MOMENT = datetime(2026, 11, 23, 12, 30, 15, 123000, tzinfo=UTC)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)

_recipients = st.builds(
    EnvelopeRecipient,
    address=_texts,
    kind=st.sampled_from(RecipientKind),
    redirections=st.lists(
        st.builds(Redirection, kind=st.sampled_from(RedirectionKind), address=_texts), max_size=3
    ).map(tuple),
)
_envelopes = st.none() | st.builds(
    Envelope,
    mail_from=st.none() | _texts,
    rcpt_to=st.lists(_recipients, max_size=4).map(tuple),
    on_behalf_of=st.none() | _texts,
)


@given(
    raw=st.binary(max_size=500),
    envelope=_envelopes,
    remote_id=_texts,
    target=st.none() | st.integers(1, 2**40),
)
def test_a_frame_gives_back_what_was_handed_over(
    raw: bytes, envelope: Envelope | None, remote_id: str, target: int | None
) -> None:
    incoming = Incoming(
        raw=raw,
        origin=Origin(source_id=7, protocol="imap", remote_id=remote_id, peer=None),
        envelope=envelope,
        received_at=_MOMENT,
        evaluation="custom:X-Owner",
        target_archive=target,
    )
    capture = decode_frame(encode_frame(CaptureId(bytes(16)), incoming, _MOMENT))
    assert (capture.raw, capture.envelope, capture.origin) == (raw, envelope, incoming.origin)
    assert (capture.received_at, capture.captured_at) == (_MOMENT, _MOMENT)
    assert (capture.evaluation, capture.target_archive) == ("custom:X-Owner", target)
    assert taken(json.loads(json.dumps(capture_fields(capture))), raw) == capture
