#!/usr/bin/env python3
"""Finds code of the library that depends on the locale: streams that format numbers without the classic locale, and C
functions that parse, format or classify characters by it. Numbers must go through {fmt} and std::from_chars."""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent

# Forbidden patterns, and what to write instead.
forbidden = {
    r"\bstd::(sto[dfi]|stold|stoll?|stoull?)\b": "std::from_chars",
    r"\b(strto(d|f|ld)|ato[fil]|sscanf|fscanf)\s*\(": "std::from_chars",
    r"\bs?n?printf\s*\((?![^)]*%s)": "fmt::format",
    r"\b(std::)?(is(alpha|digit|alnum|space|upper|lower|punct|print)|to(upper|lower))\s*\(": "a comparison of characters",
    r"\bsetlocale\s*\(": "nothing: the locale is the program's",
    r"std::locale\s*\(": "std::locale::classic()",
    r"\{:[^}]*L\}": "a format without L",
    r"\bstd::(regex|put_time|get_time|put_money)\b": "a parser by hand",
}
streams = re.compile(r"\bstd::(basic_)?[io]?stringstream\s+(\w+)")


def findings(path):
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0]
        for pattern, instead in forbidden.items():
            if re.search(pattern, code):
                yield number, f"depends on the locale; write {instead}: {line.strip()}"
        stream = streams.search(code)
        if stream and not any(f"{stream[2]}.imbue(std::locale::classic())" in each for each in lines[number : number + 2]):
            yield number, f"a stream in the global locale; add {stream[2]}.imbue(std::locale::classic()): {line.strip()}"


failed = False
for folder in ("autodiff", "nn", "optim", "mend"):
    for path in sorted((root / folder).rglob("*.[ch]pp")):
        for number, text in findings(path):
            print(f"{path.relative_to(root)}:{number}: {text}")
            failed = True
sys.exit(failed)
