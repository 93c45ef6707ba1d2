"""The one way to another server: look its name up, judge the address, connect to that very address.

Promises: no address is asked that net/egress.py forbids, also when the name leads elsewhere at the next look; a
resolver that never answers is a TimeoutError.
"""

import queue
import socket
import threading
from typing import Any

from amberpost.net.egress import require_allowed
from amberpost.net.patience import Patience


def look_up(server: str, port: int | None, seconds: float) -> list[Any]:
    """What getaddrinfo() says; TimeoutError if that takes longer.

    Nothing can stop a resolver that hangs: it is asked by a thread that is left behind, and ends with its own limits.
    """
    answers: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(server, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001  it is the caller's
            answers.put(error)

    threading.Thread(target=ask, daemon=True, name="resolver").start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("the resolver does not answer") from None
    if isinstance(found, Exception):
        raise found
    return found


def dial(server: str, port: int, patience: Patience, *, may_be_internal: bool = True) -> socket.socket:
    """A connection to the first address that may be asked and answers.

    OSError (gaierror, TimeoutError, AddressForbidden) or UnicodeError. The name is looked up once: whoever owns it
    cannot show a public address to the judge and another one to the connection (DNS rebinding).
    """
    failure: OSError = OSError("the server has no address")
    for family, kind, protocol, _name, address in look_up(server, port, patience.seconds()):
        connection = socket.socket(family, kind, protocol)
        try:
            require_allowed(str(address[0]), address[1], server=server, may_be_internal=may_be_internal)
            connection.settimeout(patience.seconds())
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure
