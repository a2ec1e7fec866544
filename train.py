"""Door to `slant train`: python train.py model/recipes/quick.toml"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # This folder holds evaluate.py, which would hide the library of that name from everything that imports it.
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [p for p in sys.path if str(Path(p or ".").resolve()) != here]

    from slant.cli import main

    main(["train", *sys.argv[1:]])
