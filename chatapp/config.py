"""Settings from the environment. A wrong one stops the start with one sentence that names it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from chatapp import ai_settings
from chatapp.ai_settings import Budgets, Price, ProviderSettings

_REDIS_SCHEMES = frozenset(
    {"redis", "rediss", "valkey", "valkeys", "unix", "redis+sentinel", "valkey+sentinel"}
)
_RUNTIMES = ("eventlet", "gevent", "threading")
_DATABASE_SCHEMES = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


AI_AT_ONCE = 256

T = TypeVar("T")


class SettingsError(Exception):
    """One sentence for the person who starts the server; it names the variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Facts of this deployment. Everything else is a named constant beside its use."""

    port: int
    database_url: str
    redis_url: str | None
    secret_key: str
    data_dir: Path
    runtime: str
    log_format: str  # json, text, or auto: text at a terminal, else json
    rate_limits: str  # "on", or "<n>/s": every limit counts but bites only there
    openai_api_key: str | None
    openai_base_url: str | None
    openai_model: str | None
    ai_providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    ai_prices: Mapping[str, Price] = field(default_factory=dict)
    ai_budgets: Budgets = field(default_factory=Budgets)
    ai_at_once: int = AI_AT_ONCE  # answers being written in the whole installation

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None when the database is a server."""
        if not self.database_url.startswith("sqlite:"):
            return None
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def rate_limit_override(self) -> float | None:
        """Events a second that every limit allows instead of its default, or None for the defaults."""
        return None if self.rate_limits == "on" else float(self.rate_limits.removesuffix("/s"))


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the settings; creates the data folder and, if none is given, the secret key in it.

    Raises SettingsError.
    """
    get = {key: value.strip() for key, value in environ.items() if value.strip()}.get
    data_dir = _data_dir(get("CHATAPP_DATA_DIR", "data"))
    return Settings(
        port=_port(get("PORT", "5000")),
        database_url=_database_url(get("DATABASE_URL"), data_dir),
        redis_url=_redis_url(get("REDIS_URL")),
        secret_key=_secret_key(get("SECRET_KEY"), data_dir),
        data_dir=data_dir,
        runtime=_runtime(get("CHATAPP_RUNTIME", "eventlet")),
        log_format=_log_format(get("CHATAPP_LOG_FORMAT", "auto")),
        rate_limits=_rate_limits(get("CHATAPP_RATE_LIMITS", "on")),
        openai_api_key=get("OPENAI_API_KEY"),
        openai_base_url=_base_url(get("OPENAI_BASE_URL")),
        openai_model=get("OPENAI_MODEL"),
        ai_providers=_ai(
            get("CHATAPP_AI_PROVIDERS", "{}"),
            "CHATAPP_AI_PROVIDERS",
            lambda text: ai_settings.providers(text, environ),
        ),
        ai_prices=_ai(get("CHATAPP_AI_PRICES", "{}"), "CHATAPP_AI_PRICES", ai_settings.prices),
        ai_budgets=_ai(get("CHATAPP_AI_BUDGETS", "{}"), "CHATAPP_AI_BUDGETS", ai_settings.budgets),
        ai_at_once=_at_once(get("CHATAPP_AI_AT_ONCE", str(AI_AT_ONCE))),
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _data_dir(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"CHATAPP_DATA_DIR: the folder {path} cannot be made ({error.strerror})."
        ) from None
    if not os.access(path, os.W_OK):
        raise SettingsError(f"CHATAPP_DATA_DIR: the folder {path} cannot be written to.")
    return path


def _database_url(text: str | None, data_dir: Path) -> str:
    if text is None:
        return f"sqlite:///{data_dir / 'chat.sqlite3'}"
    scheme, separator, rest = text.partition(":")
    if not separator or scheme not in _DATABASE_SCHEMES:
        raise SettingsError(
            "DATABASE_URL must begin with sqlite:/// or postgresql://, "
            f"not with {scheme.split('@')[-1][:20]!r}."
        )
    if scheme == "sqlite":
        path = rest.removeprefix("///")
        if not rest.startswith("///") or not path or path == ":memory:":
            raise SettingsError(
                "DATABASE_URL for SQLite must name a file: sqlite:////absolute/path or sqlite:///relative/path."
            )
        return f"sqlite:///{Path(path).absolute()}"
    return f"{_DATABASE_SCHEMES[scheme]}:{rest}"


def _redis_url(text: str | None) -> str | None:
    if text is not None and urlsplit(text).scheme not in _REDIS_SCHEMES:
        raise SettingsError(
            "REDIS_URL must begin with redis://, rediss://, valkey://, unix:// or redis+sentinel://."
        )
    return text


def _secret_key(text: str | None, data_dir: Path) -> str:
    if text is not None:
        if len(text) < 16:
            raise SettingsError("SECRET_KEY must have at least 16 characters.")
        return text
    path = data_dir / "secret_key"
    try:
        # O_EXCL decides between workers that start at the same time: one makes the key, the others read it.
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(fd, "w") as file:
        file.write(key := secrets.token_urlsafe(48))
    return key


def _runtime(text: str) -> str:
    if text not in _RUNTIMES:
        raise SettingsError(f"CHATAPP_RUNTIME must be eventlet, gevent or threading, not {text!r}.")
    return text


def _log_format(text: str) -> str:
    if text not in ("auto", "json", "text"):
        raise SettingsError(f"CHATAPP_LOG_FORMAT must be json, text or auto, not {text!r}.")
    return text


def _rate_limits(text: str) -> str:
    if text != "on" and not re.fullmatch(r"[1-9][0-9]{0,9}/s", text):
        raise SettingsError(
            f"CHATAPP_RATE_LIMITS must be on, or a rate such as 1000000/s, not {text!r}."
        )
    return text


def _base_url(text: str | None) -> str | None:
    if text is None:
        return None
    if not ai_settings.is_address(text):
        raise SettingsError("OPENAI_BASE_URL must be an address such as http://127.0.0.1:11434/v1.")
    return text.rstrip("/")


def _ai(text: str, name: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}.") from None


def _at_once(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 100_000:
        raise SettingsError(f"CHATAPP_AI_AT_ONCE must be a number from 1 to 100000, not {text!r}.")
    return int(text)
