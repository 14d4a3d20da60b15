"""Compares or writes the table of errors in docs/accuracy.md, which tests/autodiff/accuracy_test.cpp measures.

usage: accuracy.py [--update] PROGRAM

The page lists for each function the largest errors found, in units in the last place. Without --update, it must list the
same functions and bound the errors measured now; another processor, or fewer samples, may have smaller errors.
"""

import argparse
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "accuracy.md"
HEAD = "| function | float: value | derivative | double: value | derivative |\n|---|---|---|---|---|\n"
SLACK = 0.05  # numbers are rounded to one decimal


def measure(program):
    """The errors that the program measures, four for each function."""
    with tempfile.TemporaryDirectory(prefix="xgrad-") as folder:
        table = pathlib.Path(folder) / "table"
        environment = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive", **os.environ}
        environment["XGRAD_ACCURACY_TABLE"] = str(table)
        result = subprocess.run([program], env=environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            sys.exit(f"{program} fails:\n{result.stdout[-4000:]}{result.stderr[-1000:]}")
        rows = (line.split("\t") for line in table.read_text().splitlines())
        return {name: [float(error) for error in errors] for name, *errors in rows}


def written(page):
    """The table of the page."""
    rows = {}
    for line in page.partition(HEAD)[2].splitlines():
        if not line.startswith("| "):
            break
        name, *errors = (cell.strip().strip("`") for cell in line.strip("|").split("|"))
        rows[name] = [float(error) for error in errors]
    return rows


def table(rows):
    """The rows as text."""
    return "".join(
        f"| `{name}` | " + " | ".join(f"{error:.1f}" for error in errors) + " |\n"
        for name, errors in sorted(rows.items())
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the table, keeping larger errors already in it")
    parser.add_argument("program", type=pathlib.Path)
    arguments = parser.parse_args()

    page = PAGE.read_text()
    before = written(page)
    rows = measure(arguments.program)
    if arguments.update:
        kept = {
            name: [max(new, old) for new, old in zip(errors, before.get(name, errors))]
            for name, errors in rows.items()
        }
        introduction, _, rest = page.partition(HEAD)
        after = rest.splitlines(keepends=True)
        while after and after[0].startswith("| "):
            after.pop(0)
        PAGE.write_text(introduction + HEAD + table(kept) + "".join(after))
        return 0

    problems = []
    if sorted(rows) != sorted(before):
        problems += difflib.unified_diff(sorted(before), sorted(rows), "docs/accuracy.md", "measured", lineterm="", n=0)
    for name in rows.keys() & before.keys():
        if any(now > bound + SLACK for now, bound in zip(rows[name], before[name])):
            problems.append(f"{name}: measured {rows[name]}, docs/accuracy.md has {before[name]}")
        if any(bound > 4 for bound in before[name]):
            problems.append(f"{name}: docs/accuracy.md has {before[name]}; expected at most 4")
    if problems:
        print("docs/accuracy.md is out of date; ./run accuracy rewrites it:", *problems, sep="\n", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
