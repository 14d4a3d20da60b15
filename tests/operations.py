"""Compares or writes the table of operations, docs/operations.md, which lists what the tests checked.

usage: operations.py [--update] PROGRAM...

Each program, a test of autodiff/, records in a file which operations it checked and how (support/listed.hpp); if its
test has run since it was built, it is not run again.
The page is written from these records alone; without --update it must already match them. Every function that a
header of operations declares must be listed, with derivatives and in both precisions.
"""

import argparse
import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "operations.md"
OPERANDS = ROOT / "tests" / "autodiff" / "operands_test.cpp"

# Public functions without a row of their own, and the rows that cover them.
NOT_LISTED = {
    "add": "a + b",
    "divide": "a / b",
    "multiply": "a * b",
    "negative": "-x",
    "subtract": "a - b",
}

# Operations whose results are integers or booleans, which have no derivatives.
WITHOUT_DERIVATIVES = {
    *("argmax", "argmin", "argsort", "searchsorted", "nonzero"),
    *("a == b", "a != b", "a < b", "a <= b", "a > b", "a >= b"),
    *("isfinite", "isinf", "isnan"),
}

INTRODUCTION = """\
<!-- Written by `./run operations` from what the tests checked; the test `operations` compares. -->

# Operations

Every operation by family, {count} in all, and what the tests checked of it.

- *derivatives*: the orders that are compared with central differences (`gradcheck`, `gradgradcheck`), over shapes
  and options. Pullbacks are written in differentiable operations, so higher orders exist too.
- *double*: the values, against a formula or the standard library. *float*: values and gradients, against those in
  double.
- NumPy's, PyTorch's and JAX's names are for finding one's way; where semantics differ, the docstring says so.
"""


class Failure(Exception):
    """An error, as text for the log."""


# What the headers declare


def braced(text, start):
    """The end of the block whose opening brace is at `start`."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    return len(text)


def statements(text):
    """The declarations directly in namespace xgrad, without their bodies."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/|^ *#[^\n]*", "", text, flags=re.S | re.M)
    statement, parentheses, place = "", 0, 0
    while place < len(text):
        character = text[place]
        if character == "{" and parentheses == 0:
            if re.fullmatch(r"\s*namespace xgrad\s*", statement):
                statement = ""
            else:
                yield statement.strip()
                statement, place = "", braced(text, place)
                continue
        elif character in ";}" and parentheses == 0:
            yield statement.strip()
            statement = ""
        else:
            parentheses += {"(": 1, ")": -1}.get(character, 0)
            statement += character
        place += 1


def without_template(statement):
    """A declaration without `template <...>` in front."""
    while statement.startswith("template"):
        depth, place = 0, statement.index("<")
        for place in range(place, len(statement)):
            depth += {"<": 1, ">": -1}.get(statement[place], 0)
            if depth == 0:
                break
        statement = statement[place + 1 :].strip()
    return statement


def function_name(statement):
    """The name of the declared function, such as `operator+`, or None if it is not a function."""
    statement = without_template(statement)
    if operator := re.search(r"\boperator\s*([^\s\w(]+)\s*\(", statement):
        return "operator" + operator[1]
    if re.match(r"(class|concept|enum|namespace|struct|using)\b", statement):
        return None
    while name := re.search(r"(\w+)\s*\(", statement):
        if re.search(r"(?<![=<>!])=(?!=)", statement[: name.start()]):
            return None
        if name[1] not in ("requires", "decltype", "noexcept"):
            return name[1]
        depth, place = 0, name.end() - 1
        for place in range(place, len(statement)):
            depth += {"(": 1, ")": -1}.get(statement[place], 0)
            if depth == 0:
                break
        statement = statement[place + 1 :]
    return None


def declared(header):
    """The names of the public functions that a header declares."""
    names = {name for statement in statements(header.read_text()) if (name := function_name(statement))}
    return {name for name in names if not name.startswith("XGRAD_")}


# What the tests recorded


class Row:
    """An operation of the table; the records of several test cases are combined."""

    def __init__(self, note):
        self.name = note["name"]
        self.elsewhere = {library: note[library] for library in ("numpy", "torch", "jax")}
        self.checked = {"value": False, "first_order": False, "second_order": False, "float": False}

    def add(self, note):
        for aspect in self.checked:
            self.checked[aspect] |= note[aspect]
        for library, name in self.elsewhere.items():
            if name != note[library] and name and note[library]:
                raise Failure(f"{self.name} is called {name} in one test and {note[library]} in another")
            self.elsewhere[library] = name or note[library]

    def function(self):
        """The function of this row: view for `view with masks`, operator+ for `a + b`."""
        formula = re.fullmatch(r"a (\S+) b|(-)x", self.name)
        return "operator" + (formula[1] or formula[2]) if formula else re.match(r"\w*", self.name)[0]

    def missing(self):
        """The aspects that must be checked but were not."""
        needed = ["value"] if self.name in WITHOUT_DERIVATIVES else self.checked
        return [aspect for aspect, checked in self.checked.items() if aspect in needed and not checked]

    def text(self):
        code = self.name if self.function().startswith("operator") else self.name.partition(" ")[0]
        names = [f"`{code}`{self.name.removeprefix(code)}"]
        names += [f"`{name}`" if name else "" for name in self.elsewhere.values()]
        orders = [n for n, aspect in ((1, "first_order"), (2, "second_order")) if self.checked[aspect]]
        marks = ["✓" if self.checked[aspect] else "" for aspect in ("float", "value")]
        return "| " + " | ".join([*names, ", ".join(map(str, orders)) or "none", *marks]) + " |"


def listing_of_the_test(program):
    """The file in which a program's test records what it checks (XGRAD_LISTING in tests/meson.build)."""
    return program.parent / f"{program.name}.listing"


def is_newer(listing, program):
    """Whether a listing was written after the program and the library were built."""
    library = (file for file in program.parent.parent.glob("libxgrad.*") if file.is_file())
    built = max(file.stat().st_mtime for file in [program, *library])
    return listing.exists() and listing.stat().st_mtime > built


def notes(program, run):
    """What a test program records about the operations that it checks: in its last test or, with `run`, when run now."""
    listing = listing_of_the_test(program)
    if run or not is_newer(listing, program):
        # Two programs run at a time: waiting threads must not occupy the cores.
        environment = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive", **os.environ}
        environment["XGRAD_LISTING"] = str(listing)
        result = subprocess.run([program], env=environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Failure(f"{program.name} fails:\n{result.stdout[-4000:]}{result.stderr[-1000:]}")
    return [json.loads(line) for line in listing.read_text().splitlines()]


def room_and_name(test):
    """The folder and name of a test such as ops_shape; the folder is "" for files directly in autodiff/."""
    for room in sorted(folder.name for folder in (ROOT / "autodiff").iterdir() if folder.is_dir()):
        if test.startswith(f"{room}_"):
            return room, test.removeprefix(f"{room}_")
    return "", test


class Family:
    """The operations that one test file checks."""

    def __init__(self, program, run):
        room, self.name = room_and_name(program.name.removeprefix("autodiff_"))
        self.is_transform = room != "ops"
        self.header = ROOT / "autodiff" / room / f"{self.name}.hpp"
        self.rows = {}
        for note in notes(program, run):
            self.rows.setdefault(note["name"], Row(note)).add(note)

    def description(self):
        """The first sentence of the header's file comment, with a link."""
        if not self.header.exists():
            return ""
        found = re.search(r"/// \\file\n((?:///.*\n)+)", self.header.read_text())
        lines = found[1].splitlines() if found else []
        words = " ".join(line.removeprefix("///").strip() for line in lines)
        sentence = re.split(r"(?<=[.:]) ", words)[0].rstrip(".:")
        path = self.header.relative_to(ROOT)
        return f"{sentence}: [`{path}`](../{path})\n\n"

    def text(self):
        title = self.name.replace("_", " ").capitalize()
        head = "| xgrad | NumPy | PyTorch | JAX | derivatives | float | double |\n|---|---|---|---|---|---|---|\n"
        rows = "".join(self.rows[name].text() + "\n" for name in sorted(self.rows))
        return f"\n## {title}\n\n{self.description()}{head}{rows}"


def check(families):
    """The faults of the table, one line each."""
    # A family of operations must be complete; so must a family of transforms that has a row.
    headers = {*(ROOT / "autodiff" / "ops").glob("*.hpp"), *(f.header for f in families if f.header.exists())}
    # These repeat the declarations of the others for arrays and for Parameters.
    headers -= {ROOT / "autodiff" / "ops" / f"{name}.hpp" for name in ("names", "parameters", "each_parameter")}
    operations = {name: header.relative_to(ROOT) for header in sorted(headers) for name in declared(header)}
    listed = set()
    for family in families:
        for row in family.rows.values():
            listed.add(row.function())
            if row.function() not in operations:
                yield f"{row.name}: the test of {family.name} lists it, but no header declares it"
            if missing := row.missing():
                yield f"{row.name}: the test of {family.name} does not check: {', '.join(missing)}"
    for name, header in sorted(operations.items()):
        if name not in listed and name not in NOT_LISTED and not name.startswith("operator"):
            yield f"{name}: {header} declares it, but no test lists it (tests/support/listed.hpp)"
    text = OPERANDS.read_text()
    called = {*re.findall(r'CALLS\("([^"]+)"', text), *re.findall(r"REDUCTION\((\w+)\);", text)}
    rows = {row.name for family in families for row in family.rows.values()}
    for name in sorted(rows - called):
        yield f"{name}: expected a CALLS in {OPERANDS.relative_to(ROOT)} that calls it on Parameters"
    for name in sorted(NOT_LISTED):
        if name in listed or name not in operations:
            reason = "a test lists it" if name in listed else "no header declares it"
            yield f"{name}: {reason}; remove it from NOT_LISTED in tests/operations.py"


def page_of(families):
    """The text of docs/operations.md."""
    families.sort(key=lambda family: (family.is_transform, family.name))
    count = sum(len(family.rows) for family in families)
    return INTRODUCTION.format(count=count) + "".join(family.text() for family in families)


def compare(page, update):
    """The differences between the existing page and `page`, as lines; with `update`, writes the page instead."""
    if update:
        PAGE.write_text(page)
        return []
    written = PAGE.read_text() if PAGE.exists() else ""
    if page == written:
        return []
    names = ("docs/operations.md", "what the tests checked")
    lines = difflib.unified_diff(written.splitlines(), page.splitlines(), *names, "", "", 0, "")
    return ["docs/operations.md does not match what the tests checked; ./run operations rewrites it:", *lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the page")
    parser.add_argument("programs", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()

    def problems(run):
        try:
            with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
                families = pool.map(lambda program: Family(program, run), arguments.programs)
                families = [family for family in families if family.rows]
            return list(check(families)) + compare(page_of(families), arguments.update)
        except Failure as failure:
            return [str(failure)]

    # A test that was interrupted or run in part leaves an incomplete listing.
    found = problems(run=arguments.update)
    if found and not arguments.update:
        found = problems(run=True)
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
