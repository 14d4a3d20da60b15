"""Compiles each program of tests/must_not_compile, which has to fail, and say why in one line.

The first line of a program is `// expect: TEXT`: the only error has to contain TEXT, and no warning follows it. All
that the compiler prints fits a screen.
"""

import re

from installed import TESTS, Failure, installation, report, run

MOST_LINES = 60
MESSAGE = re.compile(r":\d+: (fatal error|error|warning): ")  # in a file, not of an option


def main():
    with installation() as (xgrad, folder):

        def test(source):
            mark, _, expected = source.read_text().splitlines()[0].partition("// expect: ")
            if mark or not expected:
                raise Failure("the first line has to be // expect: TEXT")
            result = run(xgrad.command(source, "-fsyntax-only"), cwd=folder)
            if result.returncode == 0:
                raise Failure(f"it compiles; expected was an error with: {expected}")
            # A function that is tried in two places may say the same twice.
            messages = list(dict.fromkeys(line for line in result.stderr.splitlines() if MESSAGE.search(line)))
            if len(messages) != 1 or expected not in messages[0]:
                raise Failure(f"expected was one message, with: {expected}\n{result.stderr}")
            if len(lines := result.stderr.splitlines()) > MOST_LINES:
                raise Failure(f"expected at most {MOST_LINES} lines, got {len(lines)}:\n{result.stderr}")

        sources = sorted((TESTS / "must_not_compile").glob("*.cpp"))
        report({source.stem: source for source in sources}, test)


main()
