"""The supervisor, with real processes: what starts, what is refused, what survives, what is left behind."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.processes import ROOT
from tests.support.waiting import eventually

from .conftest import StartEcho, ask


@pytest.fixture
def terminal() -> Iterator[None]:
    """What is started does not ignore its terminal, also where these tests were started by nohup or in the background."""
    before = [
        (number, signal.signal(number, signal.SIG_DFL)) for number in (signal.SIGHUP, signal.SIGINT)
    ]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where a server makes its folder: with a short path, since that of a unix socket holds 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        yield Path(folder)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(
        each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes
    )


def test_says_where_it_serves_once_all_workers_accept(
    start_echo: StartEcho, each_runtime: str
) -> None:
    server = start_echo(workers=2, on=each_runtime)

    assert server.get("/readyz") == (200, {"all": True, "any": True})
    assert server.log.count("serving on") == 1


def test_says_so_also_when_a_worker_gets_ready_at_the_moment_of_the_look(
    start_echo: StartEcho,
) -> None:
    server = start_echo("--late-board", workers=2)

    assert server.log.count("serving on") == 1


def test_a_killed_worker_is_started_again_under_its_name(start_echo: StartEcho) -> None:
    server = start_echo(workers=2)
    before = server.worker("w2").pid

    with contextlib.closing(server.connection_to("w1")) as to_w1:
        server.worker("w2").kill()
        eventually(lambda: ask(to_w1, "/readyz") == (503, {"all": False, "any": True}))
        eventually(lambda: ask(to_w1, "/readyz")[0] == 200, within=20)

    assert server.worker("w2").pid != before
    assert "worker w2 was killed by SIGKILL; starting it again in 0.1 s." in server.log


def test_workers_that_are_stopped_one_after_the_other_come_back_at_once(
    start_echo: StartEcho,
) -> None:
    server = start_echo(workers=2)
    for times in (1, 2, 3):
        server.worker("w2").terminate()
        again = "worker w2 ended (exit code 0); starting it again in 0.1 s."
        eventually(lambda: server.log.count(again) == times)  # noqa: B023
        eventually(lambda: server.get("/readyz") == (200, {"all": True, "any": True}))


@pytest.mark.faults
def test_once_it_has_served_it_goes_on_trying_to_start_a_worker(
    start_echo: StartEcho, tmp_path: Path
) -> None:
    obstacle = tmp_path / "database-is-away"
    server = start_echo("--factory", "dependent", workers=2, env={"OBSTACLE": str(obstacle)})

    obstacle.touch()
    server.worker("w2").kill()
    eventually(lambda: server.log.count("worker w2 ended (exit code 1)") >= 6, within=30)
    assert server.get("/who")[1]["worker"] == "w1"
    obstacle.unlink()

    eventually(lambda: server.get("/readyz")[0] == 200, within=20)


def test_a_worker_that_never_starts_ends_the_server_with_a_sentence(start_echo: StartEcho) -> None:
    server = start_echo("--factory", "broken", wait=False)

    assert server.wait(60) == 1
    assert "Worker w1 ended (exit code 1) at its start 5 times in a row" in server.log
    assert "this application never starts" in server.log


def test_a_worker_whose_settings_are_wrong_is_not_tried_again(start_echo: StartEcho) -> None:
    server = start_echo("--factory", "refused", wait=False)

    assert server.wait() == 1
    assert server.log.count("SOME_SETTING is of no use.") == 1


def test_a_taken_port_is_refused_with_a_sentence(start_echo: StartEcho) -> None:
    first = start_echo()

    second = start_echo("--port", str(first.port), wait=False)

    assert second.wait() == 1
    assert second.log == (
        f"chatapp: Port {first.port} on 127.0.0.1 is taken by another program; "
        "choose another with --port or PORT.\n"
    )
    assert first.get("/who")[0] == 200


def test_two_servers_do_not_share_a_folder_of_sockets(
    start_echo: StartEcho, tmp_path: Path
) -> None:
    folder = str(tmp_path / "sockets")
    first = start_echo("--sockets", folder)

    second = start_echo("--sockets", folder, wait=False)

    assert second.wait() == 1
    assert second.log == f"chatapp: --sockets: the folder {folder} is in use by another server.\n"
    assert first.get("/who")[0] == 200
    first.terminate()
    start_echo("--sockets", folder)


def test_no_worker_starts_when_the_database_cannot_be_prepared(start_echo: StartEcho) -> None:
    server = start_echo("--prepare", "tests.runtime.no_such_program", wait=False)

    assert server.wait() == 1
    assert "worker" not in server.log

    start_echo("--prepare", "this")


def test_a_stop_finishes_what_has_begun_and_leaves_nothing(
    start_echo: StartEcho, each_runtime: str, temporary: Path
) -> None:
    server = start_echo(workers=2, on=each_runtime, env={"TMPDIR": str(temporary)})
    workers = server.workers()
    answers: list[Any] = []
    with (
        contextlib.closing(server.connection()) as idle,
        contextlib.closing(server.connection()) as busy,
    ):
        assert ask(idle, "/who")[0] == 200
        busy.request("GET", "/slow/1.5")
        reader = threading.Thread(target=lambda: answers.append(busy.getresponse().read()))
        reader.start()
        eventually(lambda: "a slow request begins" in server.log)

        server.signal(signal.SIGTERM)

        assert server.wait() == 0
        reader.join(5)
    assert answers == [b"finished"]
    assert gone(workers)
    for worker in ("w1", "w2"):
        assert server.log.index(f"{worker} drains, 5 s left") < server.log.index(f"{worker} closes")
    assert "killed it" not in server.log
    assert not list(temporary.glob("chatapp-*"))


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_a_terminal_sends_to_all_its_processes_is_a_stop_too(
    start_echo: StartEcho, number: signal.Signals
) -> None:
    server = start_echo(workers=2)
    for process in [*server.workers(), psutil.Process(server.pid)]:
        process.send_signal(number)

    assert server.wait() == 0
    assert server.log.count("closes") == 2
    assert "starting it again" not in server.log


def test_under_nohup_the_end_of_the_terminal_is_no_stop(start_echo: StartEcho) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        server = start_echo()
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    server.signal(signal.SIGHUP)

    assert server.get("/who")[0] == 200
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


def test_a_worker_that_is_still_starting_is_not_waited_for(start_echo: StartEcho) -> None:
    server = start_echo("--factory", "dawdling", wait=False)
    eventually(lambda: "begins" in server.log, within=20)

    server.signal(signal.SIGTERM)

    assert server.wait(5) == 0
    assert "killed it" not in server.log


@pytest.mark.faults
def test_a_worker_that_does_not_stop_is_killed(start_echo: StartEcho) -> None:
    server = start_echo(workers=2)
    stuck = server.worker("w1")
    stuck.suspend()

    server.signal(signal.SIGTERM)

    assert server.wait(30) == 0
    assert "worker w1 did not stop in time; killed it." in server.log
    assert gone([stuck])


def test_a_second_signal_ends_the_wait(start_echo: StartEcho) -> None:
    server = start_echo()
    stuck = server.worker("w1")
    stuck.suspend()
    eventually(lambda: stuck.status() == psutil.STATUS_STOPPED)
    server.signal(signal.SIGTERM)
    eventually(lambda: _was_asked_to_stop(stuck.pid))

    server.signal(signal.SIGTERM)

    assert server.wait(5) == 0


def _was_asked_to_stop(pid: int) -> bool:
    """Whether SIGTERM waits for a stopped process."""
    status = Path(f"/proc/{pid}/status").read_text()
    pending = next(line for line in status.splitlines() if line.startswith("ShdPnd:"))
    return bool(int(pending.split()[1], 16) & 1 << signal.SIGTERM - 1)


def test_no_worker_outlives_its_supervisor_and_no_file_the_workers(
    start_echo: StartEcho, each_runtime: str, temporary: Path
) -> None:
    server = start_echo(workers=2, on=each_runtime, env={"TMPDIR": str(temporary)})
    workers = server.workers()
    assert len(list(temporary.glob("chatapp-*"))) == 1

    server.kill()

    eventually(lambda: gone(workers), within=15)
    assert not list(temporary.glob("chatapp-*"))


def test_the_supervisor_imports_neither_the_application_nor_its_libraries() -> None:
    code = "import sys, wsgi, chatapp.runtime.supervisor; print(' '.join(sys.modules))"
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert "chatapp.runtime.supervisor" in output
    assert not {"eventlet", "gevent", "flask", "socketio", "sqlalchemy", "chatapp.models"} & {
        *output
    }
