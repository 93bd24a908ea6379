"""Disks that a test can fill, and file systems that give up: made and mounted here, which needs root."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SMALL_MB = 8
IMAGE_MB = 64


def _do(*command: str | Path, allowed: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in allowed, f"{' '.join(map(str, command))}: {done.stderr}"
    return done.stdout


def _or_skip(*command: str | Path) -> None:
    try:
        _do(*command)
    except (AssertionError, FileNotFoundError) as error:
        pytest.skip(f"not possible here: {error}")


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of a few MB at `folder`."""
    folder.mkdir()
    _or_skip("mount", "-t", "tmpfs", "-o", f"size={SMALL_MB}m", "tmpfs", folder)
    try:
        yield folder
    finally:
        _do("umount", "--lazy", folder)


def fill(path: Path) -> None:
    """Take all the space that is left for a file at `path`."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


@contextlib.contextmanager
def immutable(*paths: Path) -> Iterator[None]:
    """Nobody may write these files, root neither, nor who has them open already."""
    names = [str(path) for path in paths]
    _or_skip("chattr", "+i", *names)
    try:
        yield
    finally:
        _do("chattr", "-i", *names)


class Image:
    """An ext4 file system in a file, mounted at `folder`; at its first error it is read-only until it is repaired."""

    def __init__(self, file: Path, folder: Path) -> None:
        self._file, self.folder = file, folder
        folder.mkdir()
        with file.open("wb") as image:
            image.truncate(IMAGE_MB * 1024 * 1024)
        _or_skip("mkfs.ext4", "-q", file)
        _or_skip(*self._mounting)

    @property
    def _mounting(self) -> tuple[str | Path, ...]:
        return ("mount", "-o", "loop,errors=remount-ro", self._file, self.folder)

    def give_up(self) -> None:
        """The kernel is told of an error in it, as when the disk below fails."""
        device = Path(_do("findmnt", "--noheadings", "--output", "SOURCE", self.folder).strip())
        Path("/sys/fs/ext4", device.name, "trigger_fs_error").write_text("a test")

    def repair(self) -> None:
        """Check it and mount it again; nobody may be using it."""
        _do("umount", self.folder)
        _do("e2fsck", "-f", "-y", self._file, allowed=(0, 1))
        _do(*self._mounting)

    def close(self) -> None:
        _do("umount", "--lazy", self.folder, allowed=(0, 32))
