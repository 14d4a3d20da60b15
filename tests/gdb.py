"""Checks that gdb shows Variables and arrays with the printers of autodiff/gdb/xgrad.py, in batch mode."""

import shutil
import subprocess
import sys

from installed import check, installation

PROGRAM = """
#include <autodiff/autodiff.hpp>
using namespace xgrad;
void stop_here() { std::fflush(nullptr); }
int main() {
  Variable<double> x = {{1.5, 2.5, 3.5}, {4.5, 5.5, 6.5}};
  Parameter<float> w(Array<float>{7, 8});
  Array<int> labels = {9, 10};
  Variable<float> none;
  stop_here();
  return static_cast<int>(x.size() + w.size() + labels.size() + none.dimension());
}
"""
EXPECTED = ["shape {2, 3}: 1.5, 2.5, 3.5, 4.5, 5.5, 6.5", "shape {2}: 7, 8", "shape {2}: 9, 10", "empty", "{ 1.5,  2.5,  3.5}"]


def main():
    if not shutil.which("gdb"):
        print("1..0 # SKIP gdb is not installed")
        return 0
    with installation() as (xgrad, folder):
        source = folder / "program.cpp"
        source.write_text(PROGRAM)
        check(xgrad.command(source, "-g", "-O0", "-o", folder / "program"))
        script = next(xgrad.prefix.rglob("share/xgrad/gdb/xgrad.py"))
        commands = [
            f"source {script}", "set confirm off", "set debuginfod enabled off", "break stop_here", "run", "up",
            "print x", "print w", "print labels", "print none", "call xgrad::dump(x)", "kill",
        ]
        words = ["gdb", "-nx", "-batch", *(word for command in commands for word in ("-ex", command)), folder / "program"]
        result = subprocess.run(
            [str(word) for word in words], env=xgrad.environment, capture_output=True, text=True, timeout=120, check=False
        )
    print("1..1")
    output = result.stdout + result.stderr
    if "ptrace" in output or "Could not trace" in output:
        print("ok 1 - gdb # SKIP programs cannot be traced here")
        return 0
    missing = [text for text in EXPECTED if text not in output]
    print(f"{'not ok' if missing else 'ok'} 1 - gdb")
    if missing:
        print(f"gdb does not show {missing}:\n{output}", file=sys.stderr)
    return 0


sys.exit(main())
