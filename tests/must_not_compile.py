"""Compiles each program of tests/must_not_compile, which has to fail, and saying why.

The first line of a program is `// expect: TEXT`: the compiler's messages have to contain TEXT.
"""

from installed import TESTS, Failure, installation, report, run


def main():
    with installation() as (xgrad, folder):

        def test(source):
            mark, _, expected = source.read_text().splitlines()[0].partition("// expect: ")
            if mark or not expected:
                raise Failure("the first line has to be // expect: TEXT")
            result = run(xgrad.command(source, "-fsyntax-only"), cwd=folder)
            if result.returncode == 0:
                raise Failure(f"it compiles; expected was an error with: {expected}")
            if expected not in result.stderr:
                raise Failure(f"no error with: {expected}\n{result.stderr}")

        sources = sorted((TESTS / "must_not_compile").glob("*.cpp"))
        report({source.stem: source for source in sources}, test)


main()
