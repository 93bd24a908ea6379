"""What the Makefile calls, piece by piece."""

from __future__ import annotations

import json
import re
import socket
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT
from tools import audit, environment, frontend, serve, system_packages
from tools.console import Stop, last_words


def test_env_file_gives_settings_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(
        "# a comment\n\nPORT=8000\nexport SECRET_KEY='a # in it'  # after it\nOPENAI_MODEL=\n"
    )
    monkeypatch.setenv("PORT", "9000")

    env = serve.environment()

    assert (env["PORT"], env["SECRET_KEY"], env["OPENAI_MODEL"]) == ("9000", "a # in it", "")


@pytest.mark.parametrize("line", ["PORT 8000", "=8000", "PO RT=1", "SECRET_KEY='open"])
def test_a_wrong_line_of_the_env_file_is_named_by_its_number(line: str) -> None:
    with pytest.raises(Stop, match=r"\.env, line 2"):
        serve.parse(f"PORT=5000\n{line}\n")


@pytest.mark.parametrize("document", [".env.example", "docs/assistants.md"])
def test_the_settings_that_the_documents_show_can_be_put_into_the_env_file(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    lines = re.findall(r"(?<![\w/])(CHATAPP_AI_\w+=\{.*?\})(?=`|\s*$)", text, re.MULTILINE)
    assert lines
    for line in lines:
        name, _, value = line.partition("=")
        kept = serve.parse(f"PORT=5000\n{line}\nexport {line} \n")
        assert kept == {"PORT": "5000", name: value}
        assert json.loads(kept[name])


def test_a_taken_port_is_refused_and_a_free_one_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Stop, match=f"Port {port} is taken"):
            serve.check_port({"PORT": str(port)})
    assert serve.check_port({"PORT": str(port)}) == port


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "٣"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(Stop, match="PORT must be a number"):
        serve.check_port({"PORT": port})


def test_the_stamp_of_the_environment_changes_with_what_it_installs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.txt").write_text("flask==3.1.3\n")
    before = environment.digest(("requirements.txt",))
    assert environment.digest(("requirements.txt",)) == before

    (tmp_path / "requirements.txt").write_text("flask==3.1.4\n")
    assert environment.digest(("requirements.txt",)) != before


def test_the_front_end_is_built_from_its_sources_but_not_from_its_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ["package.json", "src/a.ts", "test/a.test.ts", "node_modules/preact/index.js"]:
        path = tmp_path / "frontend" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    monkeypatch.chdir(tmp_path)

    assert sorted(map(str, frontend.sources())) == ["frontend/package.json", "frontend/src/a.ts"]


def test_missing_programs_are_asked_for_in_one_line_without_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    present, absent = (lambda: True), (lambda: False)
    needed = {"redis-server": absent, "nginx": present, "chromium": absent}
    monkeypatch.setattr(system_packages, "NEEDED", needed)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")

    with pytest.raises(Stop, match=r"run: sudo apt-get install .* redis-server chromium$"):
        system_packages.main()

    needed.update({"redis-server": present, "chromium": present})
    system_packages.main()


def test_the_last_error_of_a_long_output_is_what_is_told() -> None:
    assert last_words("one\nERROR: no such thing\n\nnotice: new pip\n") == "ERROR: no such thing"
    assert last_words("one\ntwo\n") == "two"
    assert last_words("") == "no output"


def test_everything_that_is_installed_is_pinned_exactly() -> None:
    lines = Path("constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in Path(name).read_text().splitlines():
            if line and not line.startswith(("#", "-")):
                package, version = line.split("==")
                assert pins[package.partition("[")[0]] == version

    import importlib.metadata

    for installed in importlib.metadata.distributions(path=[p for p in sys.path if ".venv" in p]):
        key = installed.name.lower()
        spellings = {key, key.replace("_", "-"), key.replace("-", "_")}
        if key not in {"pip", "setuptools"}:
            assert installed.version in {pins.get(spelling) for spelling in spellings}, key


def test_a_weakness_is_a_failure_and_a_registry_that_is_silent_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weak = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    report = {"dependencies": [{"name": "a", "version": "1.0", "vulns": [weak]}, {"name": "b"}]}
    assert audit.of_pip(report) == ["a 1.0: PYSEC-1, mended in 2.0"]
    assert audit.of_npm({"vulnerabilities": {"vite": {"severity": "high"}}}) == ["vite: high"]
    assert (audit.of_pip(None), audit.of_npm({"error": "no network"})) == (None, None)
    # Who is told nothing has not found that all is well.
    unknown = {"name": "c", "skip_reason": "not found"}
    assert audit.of_pip({"dependencies": [unknown, unknown]}) is None
    assert audit.of_pip({"dependencies": []}) is None
    some = {"dependencies": [*report["dependencies"], unknown]}
    assert audit.of_pip(some) == audit.of_pip(report)
    assert audit.skipped(some) == ["c"]
    monkeypatch.setattr(audit, "python_weaknesses", lambda: None)
    monkeypatch.setattr(audit, "browser_weaknesses", list)
    assert audit.main() == 0
    assert "nobody answered" in capsys.readouterr().out
    monkeypatch.setattr(audit, "browser_weaknesses", lambda: ["vite: high"])
    assert audit.main() == 1
