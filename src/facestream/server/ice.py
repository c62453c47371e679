"""STUN and TURN servers, by which a WebRTC connection finds its way where there are routers in between."""

from __future__ import annotations

import re
from dataclasses import dataclass

from facestream.errors import ServeError

_FORM = re.compile(r"(?P<scheme>stuns?|turns?):(?:(?P<name>[^:@]+):(?P<secret>[^@]+)@)?(?P<place>[^@\s]+)")


@dataclass(frozen=True)
class Ice:
    """One such server. username, credential: of TURN, else empty."""

    url: str
    username: str = ""
    credential: str = ""

    @classmethod
    def read(cls, text: str) -> Ice:
        """From `stun:host:port` or `turn:user:secret@host:port`. Raises ServeError."""
        found = _FORM.fullmatch(text)
        if found is None or text.startswith("turn") != bool(found["name"]):
            raise ServeError(f"'{text}' is no ICE server; expected stun:host:port or turn:user:secret@host:port")
        return cls(f"{found['scheme']}:{found['place']}", found["name"] or "", found["secret"] or "")

    def fields(self) -> dict[str, str]:
        """As a browser's RTCPeerConnection takes it."""
        secrets = {"username": self.username, "credential": self.credential}
        return {"urls": self.url} | (secrets if self.username else {})
