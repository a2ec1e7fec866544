"""Imports between rooms go one way: a room imports only rooms that come before it (CONTRIBUTING.md, "Order of rooms")."""

import ast
from pathlib import Path

import pytest

import slant

PACKAGE = Path(slant.__file__).parent
GROUND = {"errors", "assets", "records", "schemas", "atomic_files"}
BELOW = {
    "segment": GROUND,
    "ingest": GROUND | {"segment"},
    "labels": GROUND,
    "corpora": GROUND | {"segment", "ingest", "labels"},
    "encoding": GROUND | {"segment"},
    "scoring": GROUND | {"segment", "ingest", "labels", "encoding"},
    "suggesting": GROUND | {"segment", "ingest", "labels", "scoring"},
    "judging": GROUND | {"segment", "ingest", "labels", "corpora", "encoding", "scoring"},
    "training": GROUND | {"segment", "ingest", "labels", "corpora", "encoding", "scoring", "judging"},
    "comparing": GROUND | {"labels", "encoding", "scoring"},
    "reports": GROUND | {"labels", "comparing", "scoring"},
    "serving": GROUND | {"segment", "ingest", "labels", "encoding", "scoring", "reports"},
    "labeling": GROUND | {"segment", "labels", "scoring", "judging", "comparing", "reports", "serving"},
}
BELOW["cli"] = GROUND | set(BELOW)


def imported(path: Path) -> set[str]:
    """Rooms and ground files that a file imports, also inside functions; `slant` itself is the version."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "slant":
            names = [node.module] if "." in node.module else [f"slant.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("slant.")]
        else:
            continue
        found |= {name.split(".")[1] for name in names}
    return found - {"__version__"}


@pytest.mark.parametrize("room", sorted(BELOW))
def test_a_room_imports_only_rooms_before_it(room: str) -> None:
    wrong = {
        (path.name, name)
        for path in (PACKAGE / room).rglob("*.py")
        for name in imported(path) - BELOW[room] - {room}
    }
    assert not wrong


def test_every_folder_is_a_room_and_the_order_has_no_circle() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert folders == set(BELOW)
    done = set(GROUND)
    for _ in BELOW:
        done |= {room for room, below in BELOW.items() if below <= done}
    assert done == GROUND | set(BELOW)
    ground = {(file, name) for file in GROUND for name in imported(PACKAGE / f"{file}.py") - GROUND}
    assert not ground


def test_no_module_imports_itself_in_a_circle() -> None:
    """Imports at the top of a module, as they run when it is imported."""
    names = {
        ".".join(("slant", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }
    arrows = {name: _top_imports(path, set(names)) - {name} for name, path in names.items()}
    while leaves := {name for name, to in arrows.items() if not to}:
        arrows = {name: to - leaves for name, to in arrows.items() if name not in leaves}
    assert not arrows, sorted(arrows)


def _top_imports(path: Path, names: set[str]) -> set[str]:
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module in names:
            modules = {f"{node.module}.{alias.name}" for alias in node.names} & names
            found |= modules or {node.module}
    return found
