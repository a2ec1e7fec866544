"""Door to `slant evaluate`: python evaluate.py --model small -o out/scores

Imported by the name `evaluate` (a notebook or `python -m` started in this folder), it hands over to the library.
"""

import sys
from pathlib import Path

_here = str(Path(__file__).resolve().parent)
_elsewhere = [p for p in sys.path if str(Path(p or ".").resolve()) != _here]

if __name__ == "__main__":
    sys.path[:] = _elsewhere

    from slant.cli import main

    main(["evaluate", *sys.argv[1:]])
elif __name__ == "evaluate":
    import importlib

    # The library takes this module's place in sys.modules; the import that is under way returns what stands there.
    _path, sys.path[:] = list(sys.path), _elsewhere
    del sys.modules["evaluate"]
    try:
        importlib.import_module("evaluate")
    finally:
        sys.path[:] = _path
