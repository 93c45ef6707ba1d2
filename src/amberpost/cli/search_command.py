"""amberpost search QUERY --as LOGIN: find mail with a user's rights; recorded in the audit log."""

import argparse

from amberpost.accounts.people import get_user
from amberpost.cli.archive import reading
from amberpost.cli.call import Call, Result
from amberpost.reading.find import find
from amberpost.times import column_text

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", help="empty matches everything")
    parser.add_argument("--as", dest="login", required=True, metavar="USER", help="login, address or name")
    parser.add_argument("--sort", choices=["date", "relevance"], default="relevance")
    parser.add_argument("--limit", type=int, default=25)
    parser.add_argument("--offset", type=int, default=0)


def run(call: Call) -> Result:
    wanted = call.arguments
    user = get_user(wanted.login)
    with reading(call.config) as vault:
        page = find(
            vault,
            user,
            wanted.query,
            sort=wanted.sort,
            limit=max(wanted.limit, 0),
            offset=max(wanted.offset, 0),
            actor=call.actor_as(user.login),
        )
    lines = [f"{hit.id}\t{column_text(hit.sent_at)}\t{hit.from_address}\t{hit.subject}" for hit in page.hits]
    return Result(
        data={
            "count": page.count,
            "lag": page.lag,
            "incomplete": page.is_incomplete,
            "hits": [
                {
                    "id": hit.id,
                    "sha256": hit.sha256,
                    "message_id": hit.message_id,
                    "subject": hit.subject,
                    "from": f"{hit.from_name} <{hit.from_address}>" if hit.from_name else hit.from_address,
                    "sent_at": hit.sent_at.isoformat(),
                    "archives": list(hit.archives),
                }
                for hit in page.hits
            ],
        },
        text="\n".join([*lines, f"{page.count} found"]),
    )
