"""The machine that a speed was measured on: what it is, its peak in matrix products, whole processes. For throughput.py."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("slant", "openvino", "onnxruntime", "tokenizers", "torch", "transformers", "setfit", "spacy")
# The peak of the process itself: that of wait4 would begin with what this one held when it started the other.
RUN = """
import sys
from slant.cli import main
try:
    main(sys.argv[1:])
finally:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
SIZE, TIMES = 2048, 5  # of the square matrices, and how often; the best counts


def model_folder() -> Path:
    from slant.assets import asset

    return asset("model")


def described() -> dict[str, Any]:
    """Processor, cores granted, Python and versions."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "versions": versions,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    known = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if f in flags]
    return f"{names[0] if names else platform.machine()} ({', '.join(known)})"


def peaks() -> dict[str, float]:
    """Operations a second in products of large matrices, as torch reaches them with all cores: fp32, and int8 to int32."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    a = torch.randn(SIZE, SIZE)
    small = torch.randint(-127, 127, (SIZE, SIZE), dtype=torch.int8)
    found = {"fp32": _best(lambda: a @ a)}
    try:
        found["int8"] = _best(lambda: torch._int_mm(small, small))
    except (AttributeError, RuntimeError):
        found["int8"] = 0.0
    return found


def _best(product: Any) -> float:
    product()
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        product()
        seconds.append(time.perf_counter() - started)
    return 2 * SIZE**3 / min(seconds)


def processes(count: int, *, units: int) -> dict[str, float]:
    """`slant score --units` in `count` processes that share the cores: units a second from start to exit, peak MB of one."""
    with tempfile.TemporaryDirectory() as folder:
        started, running = time.perf_counter(), []
        threads = max(1, len(os.sched_getaffinity(0)) // count)
        for number in range(count):
            path = Path(folder) / f"{number}.jsonl"
            rows = [
                json.dumps(
                    {
                        "text": f"The council of Port Ellis met {i} times in year {number}, and {i % 97} boats came."
                    }
                )
                for i in range(units)
            ]
            path.write_text("\n".join(rows), "utf-8")
            options = [
                "--units",
                "--quiet",
                "--threads",
                str(threads),
                "-o",
                str(path.with_suffix(".out.jsonl")),
            ]
            command = [sys.executable, "-c", RUN, "score", str(path), *options]
            running.append(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            )
        peak = 0.0
        for process in running:
            said, _ = process.communicate()
            if process.returncode:
                raise SystemExit("slant score failed")
            peak = max(peak, int(said) / 1024)
        seconds = time.perf_counter() - started
    return {"units_s": round(count * units / seconds, 1), "peak_mb": round(peak, 1)}
