"""The rules for TLS towards any server: the certificate is verified, nothing older than TLS 1.2."""

import ssl

from amberpost.errors import SourceError
from amberpost.remark import Remark

# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/: what is wrong most often; other words are quoted
_WHY = {
    9: "certificate_not_yet_valid",
    10: "certificate_expired",
    18: "certificate_self_signed",
    19: "certificate_chain_self_signed",
    20: "certificate_issuer_unknown",
    21: "certificate_issuer_unknown",
    62: "certificate_of_other_name",
    64: "certificate_of_other_name",
}


def why_untrusted(error: ssl.SSLCertVerificationError) -> Remark:
    """Why a certificate is not trusted."""
    if error.verify_code in _WHY:
        return Remark(_WHY[error.verify_code])
    return Remark("tls_says", {"said": error.verify_message or "?"})


def client_context(ca_pem: str | None, *, is_beside_public: bool = False) -> ssl.SSLContext:
    """Trusts the authorities in `ca_pem` instead of the system's, where it is given; SourceError if it is no PEM.

    `is_beside_public`: beside the system's, for a field that serves servers of the house and public ones alike.
    """
    try:
        context = ssl.create_default_context(cadata=ca_pem or None)
        if ca_pem and is_beside_public:
            context.load_default_certs()
    except (ssl.SSLError, ValueError):
        raise SourceError("root_certificate_invalid", permanent=True) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
