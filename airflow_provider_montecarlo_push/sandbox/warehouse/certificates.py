"""A certificate authority and a server certificate for the embedded warehouse.

SnowflakeHook passes host and port to the connector but never the protocol, so the warehouse has to speak TLS, with a
certificate that the connector trusts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import certifi
import trustme


@dataclass(frozen=True)
class Certificates:
    """Where the files of one authority lie.

    :param certificate: the server's certificate chain.
    :param key: its private key.
    :param bundle: certifi's authorities and this one, so that a client that trusts the bundle trusts the rest as well.
    """

    certificate: Path
    key: Path
    bundle: Path

    @classmethod
    def write(cls, directory: Path, names: Sequence[str]) -> Certificates:
        """Make a new authority and a certificate for ``names``, and write them into ``directory``.

        :param names: host names and IP addresses under which clients reach the server.
        """
        directory.mkdir(parents=True, exist_ok=True)
        files = cls(directory / "server.pem", directory / "server.key", directory / "ca-bundle.pem")
        authority = trustme.CA()
        issued = authority.issue_cert(*names)
        files.key.touch(mode=0o600)
        issued.private_key_pem.write_to_path(files.key)
        files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        files.bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + authority.cert_pem.bytes())
        return files
