"""How long a relay or web server may take, and at which step it failed, in words for the operator."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from amberpost.errors import AddressForbidden, DeliveryError
from amberpost.net.patience import Patience
from amberpost.net.server import ServerAddress
from amberpost.net.tls import why_untrusted

TIMEOUT_SECONDS = 10.0
LIMIT_SECONDS = 60.0  # for everything together: a server that drips is a server that hangs


def patience() -> Patience:
    """For one conversation from end to end."""
    return Patience(
        silence_seconds=TIMEOUT_SECONDS,
        answer_seconds=LIMIT_SECONDS,
        until=time.monotonic() + LIMIT_SECONDS,
    )


@contextmanager
def reaching(server: ServerAddress) -> Iterator[None]:
    """Say why no connection came about, and what to look at."""
    try:
        yield
    except AddressForbidden as error:
        raise DeliveryError(error.remark, step="name") from None
    except (socket.gaierror, UnicodeError):
        raise DeliveryError("server_name_unknown", step="name", subject=server.name) from None
    except TimeoutError:
        raise DeliveryError("relay_silent", step="connect", subject=str(server)) from None
    except ConnectionRefusedError:
        raise DeliveryError("relay_port_closed", step="connect", subject=str(server)) from None
    except OSError:
        raise DeliveryError("relay_unreachable", step="connect", subject=str(server)) from None


def tls_failure(error: OSError) -> DeliveryError:
    """Why the connection could not be secured."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return DeliveryError("relay_certificate_untrusted", step="tls", subject=why_untrusted(error))
    if isinstance(error, TimeoutError):
        return DeliveryError("server_timeout", step="tls")
    return DeliveryError("relay_without_tls", step="tls")
