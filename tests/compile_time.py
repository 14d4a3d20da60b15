"""Reports the compile time of a one-page program that includes autodiff/autodiff.hpp; it never fails because of the time."""

import os
import time

from installed import ROOT, check, installation

PAGE = ROOT / "examples" / "robot_arm.cpp"
REPEATS = 3


def main():
    with installation() as (xgrad, folder):
        environment = {**xgrad.environment, "CCACHE_DISABLE": "1"}

        def seconds():
            start = time.monotonic()
            check(xgrad.command(PAGE, "-O2", "-c", "-o", folder / "page.o"), env=environment)
            return time.monotonic() - start

        print("1..1")
        least = min(seconds() for _ in range(REPEATS))
        print(f"# {PAGE.relative_to(ROOT)} compiles in {least:.1f} s ({os.path.basename(xgrad.compiler[-1])} -O2)")
        print("ok 1 - compile_time")


main()
