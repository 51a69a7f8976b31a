"""What README.md shows is what runs."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_diff_is_the_quickstart_patch() -> None:
    patch = (ROOT / "examples/quickstart/bcfl.patch").read_text()
    changed = {line for line in patch.splitlines() if re.match(r"[+-](?!--|\+\+)", line)}
    (diff,) = blocks("diff")
    shown = {line for line in diff.splitlines() if line.startswith(("+", "-"))}
    assert shown <= changed
    assert sum(line.startswith("+") for line in shown) == 3
    rest = "".join(line.lstrip("+") for line in sorted(changed - shown))
    assert rest == "".join(
        sorted(
            [
                "[tool.flwr.app.config.bcfl]",
                'plugins = "staking, outliers, slashing, round_log"',
                'chain = "embedded"',
            ]
        )
    )


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", "\n".join(blocks("bash")), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
