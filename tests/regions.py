"""Checks that nothing allocates or throws in a parallel region, as far as the source shows: an exception that leaves a
region ends the program. Functions that a region calls are checked at run time by
tests/autodiff/kernels/regions_test.cpp."""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
regions = ("autodiff/kernels/parallel.hpp", "autodiff/kernels/parallel.cpp")

# Constructors of types that own memory, and what throws; references and pointers to such types are allowed.
forbidden = re.compile(
    r"""\b(?: Array<[^<>]*(?:<[^<>]*>)?[^<>]*>(?!\s*[&*]) | std::(?:vector|string|map|deque|function)\b(?![^;(]*[&*]\s*\w+\s*[:=)])
      | xt::(?:svector|uvector) | Shape\s*[{(] | KeyedRow<T>\s*\w+\( | throw\b | new\b | (?:empty|full)<
      | push_back | emplace_back | resize\( | reserve\( | make_(?:shared|unique) | fmt:: | check_\w+\( | blas_extent
      | \.at\(\) )""",
    re.VERBOSE,
)


def without_comments(text):
    return re.sub(r"//[^\n]*", lambda found: " " * len(found.group()), text)


def call_at(text, start):
    """The text from the parenthesis at `start` to the one that closes it."""
    depth = 0
    for end in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return text[start : end + 1]
    return text[start:]


def faults_of(path):
    text = without_comments(path.read_text())
    name = str(path.relative_to(root))
    if name not in regions:
        for found in re.finditer(r"#pragma omp parallel", text):
            yield name, text.count("\n", 0, found.start()) + 1, f"a region outside {regions[0]}"
    for found in re.finditer(r"\bparallel_(?:for|parts)\(", text):
        body = call_at(text, found.end() - 1)
        body_start = body.find("[")  # the lambda; arguments before it are computed outside
        for fault in forbidden.finditer(body, max(body_start, 0)) if body_start >= 0 else ():
            line = text.count("\n", 0, found.end() - 1 + fault.start()) + 1
            yield name, line, f"`{fault.group().strip()}` in a parallel region"


faults = [
    fault
    for folder in ("autodiff", "nn", "optim")
    for path in sorted((root / folder).rglob("*.[ch]pp"))
    for fault in faults_of(path)
]
for name, line, what in faults:
    print(f"{name}:{line}: {what}")
sys.exit(1 if faults else 0)
