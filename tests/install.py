"""Compiles and runs each program of tests/install, and one of them through the CMake package."""

import os
import shutil

from installed import TESTS, check, installation, report

WARNINGS = ["-Wall", "-Wextra", "-Werror"]  # our headers must not cause warnings


def main():
    with installation() as (xgrad, folder):

        def compile_and_run(source):
            xgrad.output(source, folder / source.stem, *WARNINGS)

        def build_with_cmake(source):
            if not shutil.which("cmake"):
                return "cmake is not installed"
            build = folder / "cmake"
            compiler = [word for word in xgrad.compiler if os.path.basename(word) != "ccache"]
            check(
                ["cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={xgrad.prefix}"],
                env={**os.environ, "CXX": " ".join(compiler)},
            )
            check(["cmake", "--build", build])
            check([build / "app"], env=xgrad.environment)

        cases = {source.stem: source for source in sorted((TESTS / "install").glob("*.cpp"))}
        cases["cmake"] = TESTS / "install" / "cmake"

        def test(source):
            return build_with_cmake(source) if source.is_dir() else compile_and_run(source)

        report(cases, test)


main()
