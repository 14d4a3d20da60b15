#!/usr/bin/env python3
"""Runs the fuzz targets of a build folder, one per processor, each for some seconds on a copy of its corpus.

usage: tests/fuzz/run.py BUILD [--seconds N] [--only NAME] [--seed N] [--keep FOLDER]

Findings are written to FOLDER (by default a temporary one, whose name is printed): inputs that reach new code,
and crash-* for an input that ends the program. Rerun it with `BUILD/tests/fuzz/fuzz_NAME FILE`."""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("build", type=pathlib.Path)
arguments.add_argument("--seconds", type=int, default=10, help="for each target")
arguments.add_argument("--seed", type=int, default=0, help="for reproducible inputs (default: a new seed each time)")
arguments.add_argument("--only", help="the target of this name")
arguments.add_argument("--keep", type=pathlib.Path, help="the folder for the findings")
options = arguments.parse_args()

here = pathlib.Path(__file__).resolve().parent
folder = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="xgrad-fuzz-"))
# targets that write files do so in memory
environment = dict(os.environ, TMPDIR="/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir())


def runs(program):
    """Runs a target and says whether it passed."""
    name = program.name.removeprefix("fuzz_")
    found = folder / name
    shutil.copytree(here / "corpus" / name, found, dirs_exist_ok=True)
    result = subprocess.run(
        [program, f"-max_total_time={options.seconds}", f"-seed={options.seed}", "-rss_limit_mb=2048",
         "-malloc_limit_mb=1024", "-timeout=10", "-max_len=16384", "-print_final_stats=1", f"-artifact_prefix={found}/", found],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment)
    statistics = [line for line in result.stdout.splitlines() if "number_of_executed_units" in line]
    print(f"fuzz_{name}, {options.seconds} s:", "\n".join(statistics) if result.returncode == 0 else result.stdout[-6000:],
          flush=True)
    return result.returncode == 0


programs = [program for program in sorted(options.build.resolve().glob("tests/fuzz/fuzz_*"))
            if program.is_file() and options.only in (None, program.name.removeprefix("fuzz_"))]
if not programs:
    sys.exit(f"no target{' ' + options.only if options.only else ''} in {options.build}")
print(f"findings go to {folder}", flush=True)
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    failed = [program.name for program, passed in zip(programs, pool.map(runs, programs)) if not passed]
if failed:
    sys.exit(f"failed: {', '.join(failed)}; the inputs are in {folder}")
if options.keep is None:
    shutil.rmtree(folder)
