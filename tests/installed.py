"""xgrad as users see it: installed into a folder, found through pkg-config.

The scripts beside this one compile programs against such a folder and report in the Test Anything Protocol.
They are called with the build folder and, after `--`, the compiler's command line.
"""

import argparse
import concurrent.futures
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent
ROOT = TESTS.parent


class Failure(Exception):
    """An error, as text for the log."""


def run(command, **options):
    """The result of a command: output as text, no input, no check."""
    command = [str(word) for word in command]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", **options
    )


def check(command, **options):
    """The standard output of a command that must succeed."""
    result = run(command, **options)
    if result.returncode != 0:
        words = " ".join(str(word) for word in command)
        raise Failure(f"{words}\nexit status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


class Installation:
    """An installed xgrad, and a compiler to use it with."""

    def __init__(self, build, folder, compiler):
        check(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder])
        pkgconfig = next(folder.rglob("xgrad.pc")).parent
        library = pkgconfig.parent
        self.prefix = next(path for path in library.parents if (path / "include").is_dir())
        self.compiler = compiler
        self.environment = {
            **os.environ,
            "PKG_CONFIG_PATH": f"{pkgconfig}:{os.environ.get('PKG_CONFIG_PATH', '')}",
            "LD_LIBRARY_PATH": f"{library}:{os.environ.get('LD_LIBRARY_PATH', '')}",
        }
        static = [] if any(library.glob("libxgrad.so*")) else ["--static"]
        self.flags = check(
            ["pkg-config", *static, "--cflags", "--libs", "xgrad"], env=self.environment
        ).split()

    def command(self, source, *options):
        """g++ -std=c++20 app.cpp $(pkg-config --cflags --libs xgrad)"""
        return [*self.compiler, "-std=c++20", *options, source, *self.flags]

    def output(self, source, program, *options):
        """Compiles a program and runs it in its folder; returns its output."""
        check(self.command(source, *options, "-o", program))
        return check([program], env=self.environment, cwd=program.parent)


@contextlib.contextmanager
def installation():
    """The installation given on the command line, and an empty folder for programs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xgrad-") as folder:
        folder = pathlib.Path(folder)
        (folder / "programs").mkdir()
        yield Installation(arguments.build, folder / "installed", arguments.compiler), folder / "programs"


def report(cases, test):
    """Runs test(case) for every case, two at a time, and reports in the Test Anything Protocol.

    A test raises Failure or passes; its return value, if any, is the reason why it was skipped. Errors are
    printed on standard error.
    """
    print(f"1..{len(cases)}" if cases else "1..0 # SKIP nothing to compile", flush=True)

    def outcome(case):
        try:
            return None, test(case)
        except Failure as failure:
            return failure, None

    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for number, (name, (failure, skipped)) in enumerate(zip(cases, pool.map(outcome, cases.values())), 1):
            reason = f" # SKIP {skipped}" if skipped else ""
            print(f"{'not ok' if failure else 'ok'} {number} - {name}{reason}", flush=True)
            if failure:
                print(f"{name}: {failure}\n", file=sys.stderr, flush=True)
