"""Clear the outputs of notebooks before they are committed: ``python scripts/clear_notebooks.py NOTEBOOK ...``.

Exits with 1 where a notebook held any, so that the commit stops and the cleared file can be added.
"""

import json
import sys
from pathlib import Path
from typing import Any


def clear(notebook: dict[str, Any]) -> bool:
    """Remove outputs and counts of execution from all cells, and return whether there were any."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    dirty = [cell for cell in cells if cell["outputs"] or cell["execution_count"] is not None]
    for cell in dirty:
        cell["outputs"], cell["execution_count"] = [], None
    return bool(dirty)


def main(names: list[str]) -> int:
    """Clear the notebooks of these names; 1 where one was changed."""
    changed = 0
    for path in map(Path, names):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if clear(notebook):
            path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            print(f"{path}: outputs cleared")
            changed = 1
    return changed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
