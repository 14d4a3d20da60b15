"""The benchmarks in a short form, as a test: it fails only for reasons that noise cannot cause.

check.py PROGRAM
"""

import json
import subprocess
import sys

program = sys.argv[1]
# Arithmetic of one step, counted by hand: see networks.cpp for the rules.
flops = {"mlp_b1": 2 * (2 * 784 * 512 + 3 * 512 * 512 + 3 * 512 * 10),
         "mlp_b128": 256 * (2 * 784 * 512 + 3 * 512 * 512 + 3 * 512 * 10)}
heavy = {"residual_b32", "lenet_b512"}  # seconds under a sanitizer; they differ from others in size only

sanitized = b"__asan_init" in open(program, "rb").read()  # sanitizers disable the memory pool
failures = 0
for name in subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split():
    if name in heavy:
        continue
    run = subprocess.run([program, name], input="go 0\nquit\n", capture_output=True, text=True)
    problems = []
    if run.returncode != 0:
        problems.append(f"exit status {run.returncode}: {run.stderr.strip()[-500:]}")
    else:
        first, last = (json.loads(line) for line in run.stdout.splitlines())
        if not first["seconds"] > 0 or not last["peak_bytes"] > 0:
            problems.append(f"no time or memory was measured: {first} {last}")
        if last["allocations"] != 0 and not sanitized:
            problems.append(f"{last['allocations']} system allocations in three steady steps")
        if name in flops and last["flops"] != flops[name]:
            problems.append(f"expected {flops[name]} floating-point operations, got {last['flops']}")
    print(f"{'FAILED' if problems else 'ok':8}{name}", *problems, sep="  ", flush=True)
    failures += bool(problems)
sys.exit(failures != 0)
