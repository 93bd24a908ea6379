"""The built front end: which files a page links, and the files themselves.

The build names files by a digest of their content, so browsers keep them for ever, and we keep them in memory, also
compressed. Nothing here is anybody's in particular.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
from flask import Blueprint, request
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from chatapp.errors import not_found

STATIC = Path(__file__).resolve().parents[1] / "static"
MANIFEST = "manifest.json"
DIGESTED = "assets/"  # the folder of files whose names change with their content
FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
COMPRESSED = {".css", ".js", ".json", ".svg", ".webmanifest"}

blueprint = Blueprint("assets", __name__)


class Chunk(msgspec.Struct):
    """An entry of Vite's manifest, as far as we need it."""

    file: str
    css: list[str] = []
    imports: list[str] = []


@dataclass(slots=True, frozen=True)
class Links:
    """What a page links: its script, the modules that the script imports, and style sheets."""

    script: str
    modules: list[str]
    styles: list[str]


@dataclass(slots=True, frozen=True)
class File:
    """A file of the build in memory; `zipped` is None where compression gains nothing."""

    content: bytes
    zipped: bytes | None
    digest: str
    type: str


class Build:
    """The folder that `make frontend` writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest: tuple[int, dict[str, Chunk]] | None = None
        self._files: dict[str, tuple[int, File]] = {}

    def links(self, entry: str) -> Links | None:
        """The links of the page whose script is src/entries/<entry>.ts; None while the front end was not built."""
        chunks = self._chunks()
        name = next(
            (name for name in chunks if Path(name).stem == entry and "entries/" in name), None
        )
        if name is None:
            return None
        found: dict[str, Chunk] = {}
        _collect(name, chunks, found)
        styles = dict.fromkeys(css for chunk in found.values() for css in chunk.css)
        files = [chunk.file for chunk in found.values()]
        return Links(files[0], files[1:], list(styles))

    def _chunks(self) -> dict[str, Chunk]:
        path = self._folder / MANIFEST
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        if self._manifest is None or self._manifest[0] != changed:
            decoded = msgspec.json.decode(path.read_bytes(), type=dict[str, Chunk])
            self._manifest = (changed, decoded)
        return self._manifest[1]

    def file(self, name: str) -> File:
        """A file by its path in the build. Raises ChatError `not_found`."""
        path = safe_join(str(self._folder), name)
        try:
            changed = Path(path or "").stat().st_mtime_ns
            known = self._files.get(name)
            if known is None or known[0] != changed:
                known = self._files[name] = (changed, _load(Path(path or "")))
        except (OSError, ValueError):  # a name with NUL is a ValueError
            raise not_found("file") from None
        return known[1]


def _collect(name: str, chunks: dict[str, Chunk], found: dict[str, Chunk]) -> None:
    """A chunk and all that it imports, itself first."""
    if name not in found:
        found[name] = chunks[name]
        for imported in chunks[name].imports:
            _collect(imported, chunks, found)


def _load(path: Path) -> File:
    content = path.read_bytes()
    zipped = gzip.compress(content, 6, mtime=0) if path.suffix in COMPRESSED else None
    return File(
        content,
        zipped if zipped is not None and len(zipped) < len(content) else None,
        hashlib.sha256(content).hexdigest()[:24],
        TYPES.get(path.suffix, "application/octet-stream"),
    )


build = Build(STATIC)


@blueprint.get("/static/<path:name>")
def static(name: str) -> Response:
    """A file of the build."""
    file = build.file(name)
    zipped = file.zipped if request.accept_encodings.quality("gzip") > 0 else None
    response = Response(file.content if zipped is None else zipped, content_type=file.type)
    if zipped is not None:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = FOR_EVER if name.startswith(DIGESTED) else "no-cache"
    response.set_etag(file.digest)
    return response.make_conditional(request)
