"""Figures in README and in the model card are those of the result files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_readme_and_card_say_what_the_result_files_say() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "fill_figures.py"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_block_is_filled() -> None:
    for path in (ROOT / "README.md", ROOT / "model" / "default" / "README.md"):
        blocks = re.findall(
            r"<!-- figures: ([\w-]+) -->\n(.*?)<!-- end -->", path.read_text("utf-8"), re.DOTALL
        )
        assert blocks, f"{path.name} holds no figures"
        for name, content in blocks:
            assert re.search(r"\d", content), f"{path.name}: {name} is empty"
