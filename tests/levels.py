"""Tests the libraries of -Dlevels=: which one the loader takes, and the unit tests with each that this machine supports;
some of them also with the plain library on a processor without AVX, if qemu-x86_64 is installed (Debian: qemu-user).

Called with the build folder, the levels after --levels, and the programs of the unit tests after --programs.
"""

import argparse
import os
import pathlib
import re
import shutil
import tempfile

from installed import Failure, check, report

LOADER = "/lib64/ld-linux-x86-64.so.2"

# Loops, products and convolutions: the emulator is slow.
WITHOUT_AVX = {"autodiff_ops_activations", "autodiff_ops_joining", "autodiff_ops_pooling", "autodiff_tape", "nn_layers"}


def levels_of_this_machine():
    """The levels that the loader searches on this machine, such as x86-64-v3."""
    return re.findall(r"^\s+(x86-64-v\d) \(supported, searched\)", check([LOADER, "--help"]), re.MULTILINE)


def library_taken(program, library, levels):
    """The libxgrad that the loader takes for a program, limited to these levels."""
    mask = ["--glibc-hwcaps-mask", ":".join(levels) or "none"]
    lines = check([LOADER, *mask, "--library-path", library, "--list", program])
    return pathlib.Path(re.search(r"libxgrad\S+ => (\S+)", lines)[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--levels", nargs="+")
    parser.add_argument("--programs", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    supported = levels_of_this_machine()
    here = [level for level in arguments.levels if level in supported]

    with tempfile.TemporaryDirectory(prefix="xgrad-") as folder:
        check(["meson", "install", "-C", arguments.build, "--no-rebuild", "--quiet", "--destdir", folder])
        library = next(pathlib.Path(folder).rglob("xgrad.pc")).parent.parent
        # a folder in which the loader finds no level
        plain = pathlib.Path(folder) / "plain"
        plain.mkdir()
        for file in library.glob("libxgrad.so*"):
            shutil.copy2(file, plain, follow_symlinks=False)

        def takes_its_level(levels):
            expected = library / "glibc-hwcaps" / max(levels) if levels else library
            taken = library_taken(arguments.programs[0], library, levels).parent
            if taken != expected:
                raise Failure(f"with {levels or 'no level'} the loader takes {taken}, expected {expected}")

        def passes(at):
            for program in arguments.programs:
                check([program], env={**os.environ, "LD_LIBRARY_PATH": str(at)})

        def passes_without_avx():
            for program in arguments.programs:
                if program.name in WITHOUT_AVX:
                    check(["qemu-x86_64", "-cpu", "Nehalem", "-E", f"LD_LIBRARY_PATH={plain}", program])

        cases = {"the loader takes the plain library": lambda: takes_its_level([])}
        for number, level in enumerate(here):
            cases[f"the loader takes {level}"] = lambda levels=here[: number + 1]: takes_its_level(levels)
        cases["unit tests with the plain library"] = lambda: passes(plain)
        for level in here:
            cases[f"unit tests with {level}"] = lambda at=library / "glibc-hwcaps" / level: passes(at)
        if shutil.which("qemu-x86_64"):
            cases["unit tests on a processor without AVX"] = passes_without_avx
        report(cases, lambda case: case())


main()
