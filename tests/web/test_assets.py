from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from chatapp.web import assets


def test_a_built_file_is_sent_compressed_and_kept_for_ever(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "home-1a2b.js").write_text("let a = 1;\n" * 500)
    (tmp_path / "secret.txt").write_text("mine")
    monkeypatch.setattr(assets, "build", assets.Build(tmp_path / "assets" / ".."))
    script = client.get("/static/assets/home-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert script.headers["Content-Encoding"] == "gzip"
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in script.headers["Cache-Control"]
    assert len(script.data) < 200
    plain = client.get("/static/assets/home-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert plain.text.startswith("let a")
    again = {"If-None-Match": plain.headers["ETag"], "Accept-Encoding": "identity"}
    assert client.get("/static/assets/home-1a2b.js", headers=again).status_code == 304
    for path in ("../conftest.py", "assets/../../x", "%2e%2e/x", "assets", "nothing.js", "%00"):
        assert client.get(f"/static/{path}").status_code == 404


def test_a_page_links_its_script_with_all_that_it_imports(tmp_path: Path) -> None:
    build = assets.Build(tmp_path)
    assert build.links("room") is None
    (tmp_path / "manifest.json").write_text(
        """{
        "src/entries/room.tsx": {"file": "assets/room-1.js", "isEntry": true, "css": ["assets/room-1.css"],
            "imports": ["_shared-2.js"]},
        "_shared-2.js": {"file": "assets/shared-2.js", "css": ["assets/shared-2.css"], "imports": ["_core-3.js"]},
        "_core-3.js": {"file": "assets/core-3.js"},
        "src/entries/home.ts": {"file": "assets/home-4.js", "isEntry": true}
        }"""
    )
    links = build.links("room")
    assert links is not None
    assert links.script == "assets/room-1.js"
    assert links.modules == ["assets/shared-2.js", "assets/core-3.js"]
    assert links.styles == ["assets/room-1.css", "assets/shared-2.css"]
    home = build.links("home")
    assert home is not None
    assert (home.script, home.modules, home.styles) == ("assets/home-4.js", [], [])
