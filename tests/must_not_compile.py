"""Checks that each program of tests/must_not_compile fails to compile, with one line that says why.

The first line of a program is `// expect: TEXT`: the only error must contain TEXT, without any warning. The whole
output of the compiler must fit on a screen.
"""

import re

from installed import TESTS, Failure, check, installation, report, run

MOST_LINES = 60
MESSAGE = re.compile(r":\d+: (fatal error|error|warning): ")  # in a file, not of an option


def main():
    with installation() as (xgrad, folder):
        # The headers are precompiled once, for the programs that begin with them.
        headers = "#include <autodiff/autodiff.hpp>\n#include <nn/nn.hpp>\n"
        (folder / "headers.hpp").write_text(headers)
        check(xgrad.command("headers.hpp", "-x", "c++-header", "-o", "headers.hpp.gch"), cwd=folder)

        def test(source):
            text = source.read_text()
            mark, _, expected = text.splitlines()[0].partition("// expect: ")
            if mark or not expected:
                raise Failure("the first line must be // expect: TEXT")
            begins = re.search(r"^#.*", text, re.MULTILINE)[0] == headers.splitlines()[0]
            precompiled = ["-include", "headers.hpp"] if begins else []
            result = run(xgrad.command(source, "-fsyntax-only", *precompiled), cwd=folder)
            if result.returncode == 0:
                raise Failure(f"it compiles; expected an error with: {expected}")
            # A function that is instantiated in two places may cause the same message twice.
            messages = list(dict.fromkeys(line for line in result.stderr.splitlines() if MESSAGE.search(line)))
            if len(messages) != 1 or expected not in messages[0]:
                raise Failure(f"expected one message, with: {expected}; got:\n{result.stderr}")
            if len(lines := result.stderr.splitlines()) > MOST_LINES:
                raise Failure(f"expected at most {MOST_LINES} lines, got {len(lines)}:\n{result.stderr}")

        sources = sorted((TESTS / "must_not_compile").glob("*.cpp"))
        report({source.stem: source for source in sources}, test)


main()
