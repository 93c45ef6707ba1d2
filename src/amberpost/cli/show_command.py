"""amberpost show ID --as LOGIN [--raw]: one message with a user's rights."""

import argparse
from hashlib import sha256

from amberpost.accounts.people import get_user
from amberpost.cli.archive import reading
from amberpost.cli.call import Call, Result, counted
from amberpost.message.types import Flag
from amberpost.reading.read import OpenedMessage, open_message, open_raw

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", type=int)
    parser.add_argument("--as", dest="login", required=True, metavar="USER", help="login, address or name")
    parser.add_argument("--raw", action="store_true", help="the exact bytes")


def run(call: Call) -> Result:
    user = get_user(call.arguments.login)
    actor = call.actor_as(user.login)
    with reading(call.config) as vault:
        if call.arguments.raw:
            name, raw = open_raw(vault, user, call.arguments.id, actor=actor)
            return Result(data={"name": name, "raw": raw.decode("latin-1")}, raw=raw)
        opened = open_message(vault, user, call.arguments.id, actor=actor)
    return Result(data=_facts(opened), text=_text(opened))


def _facts(opened: OpenedMessage) -> dict[str, object]:
    row = opened.message
    return {
        "id": row.id,
        "sha256": sha256(opened.raw).hexdigest(),
        "is_copy": opened.is_copy,
        "message_id": row.message_id,
        "subject": row.subject,
        "from": [f"{m.name} <{m.address}>" if m.name else m.address for m in opened.parsed.from_],
        "to": [m.address for m in opened.parsed.to],
        "cc": [m.address for m in opened.parsed.cc],
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
        "captured_at": row.captured_at.isoformat() if row.captured_at else None,
        "size": len(opened.raw),
        "flags": [flag for flag in row.flags.split() if flag != Flag.BCC_FIELD],
        "defects": row.defects.split(),
        "text": opened.text,
        "attachments": [
            {"path": a.path, "name": a.name, "type": a.content_type, "size": a.size_bytes}
            for a in opened.attachments
        ],
        "envelope": {
            "senders": list(opened.envelope.senders),
            "recipients": [
                {"kind": r.kind.value, "address": r.address, "via": [list(way) for way in r.via]}
                for r in opened.envelope.recipients
            ],
        },
        "archives": [{"name": o.archive, "reasons": list(o.reasons)} for o in opened.owners],
    }


def _text(opened: OpenedMessage) -> str:
    wanted = {"from", "to", "cc", "subject", "date", "message-id"}
    fields = [f"{name}: {value}" for name, value in opened.fields if name.lower() in wanted]
    attached = [
        f"[{a.path}] {a.name} ({a.content_type}, {counted(a.size_bytes, 'byte')})" for a in opened.attachments
    ]
    return "\n".join([*fields, "", opened.text, "", *attached])
