"""Checks that includes follow the arrows of the README, `kernels` <- `ops` <- `transforms`, `nn` <- `optim` <- `examples`:
a file may include what its arrow points to, and never what points to it."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Files below the folder on the left may not include files of the folders on the right.
FORBIDDEN = {
    "autodiff/files": ("autodiff/kernels", "autodiff/ops", "autodiff/transforms", "autodiff/elementwise", "autodiff/inspection"),
    "autodiff/kernels": ("autodiff/ops", "autodiff/transforms", "autodiff/elementwise", "autodiff/inspection"),
    "autodiff/ops": ("autodiff/transforms",),
    "autodiff": ("nn", "optim", "examples", "tests", "benchmarks"),
    "nn": ("optim", "examples", "tests", "benchmarks"),
    "optim": ("examples", "tests", "benchmarks"),
}


def includes(path):
    """The files of xgrad that a file includes, with line numbers."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if found := re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line):
            name = found[1]
            beside = (path.parent / name).resolve()
            if (ROOT / name).exists():
                yield number, name
            elif beside.is_relative_to(ROOT) and beside.exists():
                yield number, str(beside.relative_to(ROOT))


def faults():
    for folder, others in FORBIDDEN.items():
        for path in sorted((ROOT / folder).rglob("*.[ch]pp")):
            for number, name in includes(path):
                if name.startswith(tuple(f"{other}/" for other in others)):
                    yield f"{path.relative_to(ROOT)}:{number}: {folder}/ may not include {name}"


found = list(faults())
print(*found, sep="\n", end="\n" if found else "")
sys.exit(1 if found else 0)
