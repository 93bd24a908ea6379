"""Certificates that a test signs itself."""

from __future__ import annotations

import subprocess
from pathlib import Path


def certificate(folder: Path) -> str:
    """A key and a certificate for this machine in one file; who trusts it names it in SSL_CERT_FILE."""
    key, cert, both = (folder / name for name in ("key.pem", "cert.pem", "both.pem"))
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    command = ["openssl", *words.split(), "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + cert.read_text())
    return str(both)
