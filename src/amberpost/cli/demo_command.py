"""amberpost demo: a sample archive that collects a sample journal mailbox over real IMAP. Ctrl-C ends all."""

import argparse
import dataclasses
import shutil
import socket
import sys

from amberpost import config as settings
from amberpost.accounts.models import Role
from amberpost.accounts.people import add_user
from amberpost.cli.call import Call, Result
from amberpost.cli.init_command import create_archive
from amberpost.config import Config
from amberpost.daemon.serve import sole_server, supervise
from amberpost.daemon.work import settle
from amberpost.demo.company import PEOPLE, RUTH, Person
from amberpost.demo.server import serve_sample_mail
from amberpost.errors import UserError
from amberpost.road.open import open_keys_of
from amberpost.sources.configure import NewSecrets, save_source
from amberpost.sources.models import Source
from amberpost.store.secret import Secret

NEEDS_ARCHIVE = False

PASSWORD = "amber-post-demo"  # noqa: S105  printed for everybody: the demo keeps made-up mail on loopback
OPERATOR = "otto"
STRANGER = "charlie"
_SEED = "amberpost demo"
_FIRST_PORT = 8025


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--messages", type=int, default=3000, help="sample messages in the journal mailbox")
    parser.add_argument(
        "--port", type=int, default=0, help="port of the pages (default: the first free from 8025)"
    )
    parser.add_argument("--keep", action="store_true", help="keep the demo's folder when it ends")


def run(call: Call) -> Result:
    data = call.config.data
    if (data / "origin.json").exists():
        raise UserError("demo_over_archive", subject=str(data))
    port = call.arguments.port or _free_port()
    config = settings.activate(dataclasses.replace(call.config, listen=f"127.0.0.1:{port}", public_url=""))
    try:
        _run(config, call)
    finally:
        if call.arguments.data is None and not call.arguments.keep:
            shutil.rmtree(data.parent, ignore_errors=True)
    return Result(data={"data": str(data)})


def _run(config: Config, call: Call) -> None:
    password = Secret(b"sample")
    create_archive(config, actor=call.actor)
    for person in PEOPLE:
        _add(person, call.actor)
    add_user(
        STRANGER,
        name="Charlie Fremd",
        addresses=["charlie@elsewhere.example"],
        password=PASSWORD,
        by=call.actor,
    )
    add_user(OPERATOR, name="Otto Betreiber", role=Role.OPERATOR, password=PASSWORD, by=call.actor)
    with serve_sample_mail(
        seed=_SEED, count=call.arguments.messages, user="journal", password=password
    ) as server:
        _add_source(config, server.port, password)
        settle(config)
        sys.stderr.write(_welcome(config.url, call.arguments.messages))
        sys.stderr.flush()
        with sole_server(config):
            supervise(config)


def _add(person: Person, actor: str) -> None:
    add_user(
        login_of(person),
        name=person.name,
        addresses=[person.address, *person.aliases],
        password=PASSWORD,
        by=actor,
    )


def login_of(person: Person) -> str:
    """The part of the address before the @."""
    return person.address.partition("@")[0]


def _add_source(config: Config, port: int, password: Secret) -> None:
    source = Source(
        name="Journal", server=f"127.0.0.1:{port}", user="journal", security="none", interval_minutes=1
    )
    keys = open_keys_of(config)
    try:
        save_source(source, NewSecrets(password=password.reveal().decode()), keys.seal_setting)
    finally:
        keys.close()


def _welcome(url: str, messages: int) -> str:
    readers = ", ".join(login_of(person) for person in PEOPLE)
    return f"""
Amberpost demo: {url}

  It collects a journal mailbox of {messages} made-up messages now, and a few more each minute.
  Sign in with the password   {PASSWORD}
    readers   {readers}
              ({login_of(RUTH)} is often in Bcc)
    stranger  {STRANGER} (owns none of this mail)
    operator  {OPERATOR} (runs the system, reads no mail): {url}/console/

  Ctrl-C ends everything and forgets the mail.

"""


def _free_port() -> int:
    for port in range(_FIRST_PORT, _FIRST_PORT + 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise UserError("no_free_port")
