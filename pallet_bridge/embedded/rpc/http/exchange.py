"""HTTP/1.1 as far as JSON-RPC needs it: the head of a request, and whole responses. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.rpc.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEAD_BYTES: Final = 16 * 1024
JSON: Final = "application/json; charset=utf-8"
PLAIN: Final = "text/plain"
HEALTH: Final = b'{"peers":0,"isSyncing":false,"shouldHavePeers":false}'
NOT_POST: Final = "Used HTTP Method is not allowed. POST is required\n"
NOT_JSON: Final = (
    "Supplied content type is not allowed. Content-Type: application/json is required\n"
)
_VARY: Final = "origin, access-control-request-method, access-control-request-headers"
_END: Final = b"\r\n\r\n"
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DIGITS: Final = re.compile(r"[0-9]{1,12}")


class BadRequest(RpcError):
    """Bytes that are no request that is understood here; they end the connection."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(int(status), status.phrase)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request.

    Attributes
    ----------
    headers
        All values of each header, by its name in lower case.
    size
        The bytes of the head itself.
    """

    method: str
    path: str
    version: str
    headers: Mapping[str, Sequence[str]]
    size: int

    def all(self, name: str) -> Sequence[str]:
        """Return all values of a header."""
        return self.headers.get(name, ())

    def one(self, name: str) -> str:
        """Return a header's only value, or nothing."""
        found = self.all(name)
        return found[0] if len(found) == 1 else ""

    @property
    def body_bytes(self) -> int:
        """How long the body is.

        Raises
        ------
        BadRequest
            When it does not say so, in one number.
        """
        if self.all("transfer-encoding"):
            raise BadRequest(HTTPStatus.LENGTH_REQUIRED)
        lengths = set(self.all("content-length"))
        if not lengths:
            return 0
        (text,) = lengths if len(lengths) == 1 else ("",)
        if not _DIGITS.fullmatch(text):
            raise BadRequest(HTTPStatus.BAD_REQUEST)
        return int(text)

    @property
    def is_last(self) -> bool:
        """Whether the client wants the connection closed after the answer."""
        asked = self.one("connection").lower()
        return asked == "close" or (self.version == "HTTP/1.0" and asked != "keep-alive")

    @property
    def is_json(self) -> bool:
        """Whether it says that its body is JSON."""
        kind = self.one("content-type").partition(";")[0].strip().lower()
        return kind in {"application/json", "application/json-rpc", "application/jsonrequest"}


def read_head(data: bytes) -> Head | None:
    """Read the head at the start of `data`; None when it has not come whole yet.

    Raises
    ------
    BadRequest
        When it is none, or too long.
    """
    end = data.find(_END, 0, HEAD_BYTES)
    if end < 0:
        if len(data) >= HEAD_BYTES:
            raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        return None
    first, *lines = data[:end].split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]):  # noqa: PLR2004 - method, path, version
        raise BadRequest(HTTPStatus.BAD_REQUEST)
    method, path, version = (part.decode("latin-1") for part in parts)
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadRequest(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _TOKEN.fullmatch(name):
            raise BadRequest(HTTPStatus.BAD_REQUEST)
        text = value.decode("latin-1").strip(" \t")
        headers.setdefault(name.decode("ascii").lower(), []).append(text)
    return Head(method, path, version, headers, end + len(_END))


def response(
    status: HTTPStatus,
    body: bytes | str = b"",
    *,
    kind: str = PLAIN,
    origin: str = "",
    extra: Mapping[str, str] | None = None,
    last: bool = False,
) -> bytes:
    """Put a whole response into bytes; `origin` is that of a page that may read it."""
    content = body.encode() if isinstance(body, str) else body
    headers = {"content-type": kind, "vary": _VARY, "content-length": str(len(content))}
    if origin:
        headers["access-control-allow-origin"] = origin
    headers |= extra or {}
    if last:
        headers["connection"] = "close"
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + _END + content


def preflight(origin: str) -> bytes:
    """Answer a browser that asks before it posts for a page."""
    extra = {
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "600",
    }
    return response(HTTPStatus.OK, origin=origin, extra=extra)


def health(path: str) -> bytes | None:
    """Return what a node says of its health; None for another path."""
    place = path.partition("?")[0]
    if place == "/health":
        return HEALTH
    return b"" if place == "/health/readiness" else None
