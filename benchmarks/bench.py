"""Times the workloads and their PyTorch equivalents in alternation: A B A B. `./run bench --help` lists the options."""

import argparse
import datetime
import fnmatch
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


class Worker:
    """A process that measures one workload, a slice at a time; between slices it waits for its input."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.slices = []

    def ask(self, text):
        try:
            self.process.stdin.write(text + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def slice(self, seconds):
        answer = self.ask(f"go {seconds}")
        if answer is not None:
            self.slices.append(answer)
        return answer is not None

    def quit(self):
        last = self.ask("quit") or {}
        self.process.stdin.close()
        self.process.wait()
        return last

    def median(self, key="seconds"):
        values = [each[key] for each in self.slices if key in each]
        return statistics.median(values) if values else None

    def spread(self):
        values = [each["seconds"] for each in self.slices]
        return [min(values), max(values)] if values else None


def quotient(a, b):
    return a / b if a and b else None


def measure(name, options, environment, with_torch):
    commands = {"xgrad": [options.program, name]}
    environments = {}
    if name in ("cnn_b64", "lenet_b64", "residual_b32"):
        commands["one_thread"] = commands["xgrad"]
        environments["one_thread"] = {**environment, "OMP_NUM_THREADS": "1"}
    if with_torch:
        peer = [options.python, str(HERE / "peers" / "pytorch.py"), name, str(options.threads)]
        commands["pytorch"] = peer
        if not options.no_compile and not name.startswith("grad_") and name != "scalar_chain":
            commands["compiled"] = [*peer, "--compile"]
    workers = {key: Worker(command, environments.get(key, environment)) for key, command in commands.items()}
    try:
        turns = 5
        for _ in range(turns):
            for key, worker in list(workers.items()):
                if not worker.slice(options.seconds / turns):
                    if key == "xgrad":
                        sys.exit(f"bench: {name} failed:\n{worker.process.stderr.read()}")
                    worker.process.kill()
                    del workers[key]
        bound = (workers["xgrad"].ask("bound") or {}).get("seconds")
        last = {key: worker.quit() for key, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.process.kill()

    ours = workers["xgrad"]
    seconds = ours.median()
    result = {"name": name, "xgrad_seconds": seconds, "xgrad_spread": ours.spread(),
              "pytorch_seconds": None, "pytorch_spread": None, "ratio": None, "pytorch_compiled_seconds": None,
              "flops": last["xgrad"]["flops"] or None, "share_of_peak": None,
              "peak_bytes": last["xgrad"]["peak_bytes"], "pytorch_peak_bytes": None,
              "allocations_per_step": last["xgrad"]["allocations"] / 3,
              "share_of_hand_loop": quotient(ours.median("hand_seconds"), seconds),
              "gradient_over_value": quotient(seconds, ours.median("value_seconds")),
              "speedup_of_one_pass": quotient(ours.median("apart_seconds"), seconds),
              "nanoseconds_per_operation": None, "bound_seconds": bound or None,
              "share_of_bound": quotient(bound, seconds), "speedup_of_threads": None}
    if last["xgrad"]["operations"]:
        result["nanoseconds_per_operation"] = seconds / last["xgrad"]["operations"] * 1e9
    if "pytorch" in workers:
        result["pytorch_seconds"] = workers["pytorch"].median()
        result["pytorch_spread"] = workers["pytorch"].spread()
        result["ratio"] = quotient(result["pytorch_seconds"], seconds)
        result["pytorch_peak_bytes"] = last["pytorch"].get("peak_bytes")
    if "one_thread" in workers:
        result["speedup_of_threads"] = quotient(workers["one_thread"].median(), seconds)
    if "compiled" in workers:
        result["pytorch_compiled_seconds"] = workers["compiled"].median()
    return result


def machine(options, environment, with_torch, peak):
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    torch = None
    if with_torch:
        torch = subprocess.run([options.python, "-c", "import torch; print(torch.__version__)"], env=environment,
                               capture_output=True, text=True).stdout.strip()
    return {"date": datetime.date.today().isoformat(), "cpu": cpu[1] if cpu else platform.processor(),
            "threads": options.threads, "peak_flops": peak, "pytorch": torch, "system": platform.platform()}


def time_text(seconds):
    if seconds is None:
        return ""
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)):
        if seconds * scale >= 1:
            break
    return f"{seconds * scale:.3g} {unit}"


def row(result):
    note = []
    if result["share_of_bound"]:
        note.append(f"{result['share_of_bound']:.0%} of the bound")
    if result["speedup_of_threads"]:
        note.append(f"{result['speedup_of_threads']:.2f} times one thread")
    if result["nanoseconds_per_operation"]:
        note.append(f"{result['nanoseconds_per_operation']:.0f} ns an operation")
    if result["share_of_hand_loop"]:
        note.append(f"{result['share_of_hand_loop']:.0%} of a hand loop")
    if result["gradient_over_value"]:
        note.append(f"{result['gradient_over_value']:.2f} times the value")
    if result["speedup_of_one_pass"]:
        note.append(f"{result['speedup_of_one_pass']:.2f} times as fast as separate operations")
    if result["allocations_per_step"]:
        note.append(f"{result['allocations_per_step']:.1f} allocations a step")
    number = lambda value, form: "" if value is None else form.format(value)
    return [result["name"], time_text(result["xgrad_seconds"]), time_text(result["pytorch_seconds"]),
            number(result["ratio"], "{:.2f}"), time_text(result["pytorch_compiled_seconds"]),
            number(result["flops"] and result["flops"] / result["xgrad_seconds"] / 1e9, "{:.0f}"),
            number(result["share_of_peak"], "{:.0%}"), f"{result['peak_bytes'] / 2**20:.0f}",
            number(result["pytorch_peak_bytes"] and result["pytorch_peak_bytes"] / 2**20, "{:.0f}"), ", ".join(note)]


HEADER = ["workload", "xgrad", "PyTorch", "ratio", "compiled", "GFLOP/s", "of peak", "MiB", "its MiB", ""]


def table(results, markdown):
    rows = [HEADER, *map(row, results)]
    widths = [max(len(each[i]) for each in rows) for i in range(len(HEADER))]
    lines = []
    for i, each in enumerate(rows):
        cells = [cell.ljust(w) if k in (0, 9) else cell.rjust(w) for k, (cell, w) in enumerate(zip(each, widths))]
        lines.append("| " + " | ".join(cells) + " |" if markdown else "  ".join(cells).rstrip())
        if markdown and i == 0:
            lines.append("|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


def growth(options, environment, names):
    """Prints the time per unit (image, layer, operation), which should be constant."""
    results, units = [], {"batch": "image", "depth": "layer", "tape": "operation"}
    print(f"{'workload':22}{'a step':>10}{'for each':>12}")
    for name in names:
        worker = Worker([options.program, name], environment)
        for _ in range(3):
            worker.slice(options.seconds / 3)
        seconds, count = worker.median(), worker.quit()["operations"]
        results.append({"name": name, "xgrad_seconds": seconds, "seconds_for_each": seconds / count})
        print(f"{name:22}{time_text(seconds):>10}{time_text(seconds / count):>12} {units[name.split('_')[1]]}", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--only", action="append", metavar="NAME", help="this workload, or all that match a pattern")
    parser.add_argument("--seconds", type=float, default=3, metavar="S", help="time for each side of a workload (3)")
    parser.add_argument("--json", metavar="FILE", help="also write the results as JSON")
    parser.add_argument("--markdown", metavar="FILE", help="also write the table as Markdown")
    parser.add_argument("--python", default="python3", metavar="PATH", help="a Python interpreter with PyTorch")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--no-compile", action="store_true", help="omit the column of torch.compile")
    parser.add_argument("--growth", action="store_true",
                        help="instead of the table: how time grows with batch, depth and length of the tape")
    options = parser.parse_args()

    # Threads are bound to cores; otherwise two may share one, on either side.
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads), "OMP_PROC_BIND": "true"}
    environment.pop("OPENBLAS_CORETYPE", None)  # it would select BLAS kernels for another machine
    ask = lambda *arguments: subprocess.run([options.program, *arguments], env=environment, capture_output=True,
                                            text=True, check=True).stdout
    names = ask("--list").split()
    if options.only:
        names = [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in options.only)]
        if not names:
            sys.exit(f"bench: no workload matches; expected one of: {', '.join(ask('--list').split())}")
    if options.growth:
        results = growth(options, environment, ask("--list-growth").split())
        if options.json:
            Path(options.json).write_text(json.dumps({"growth": results}, indent=2) + "\n")
        return
    with_torch = subprocess.run([options.python, "-c", "import torch"], env=environment,
                                capture_output=True).returncode == 0
    if not with_torch:
        print(f"{options.python} does not find PyTorch: its columns stay empty "
              "(python3 -m pip install torch, or --python PATH)")
    peak = float(ask("--peak"))
    results = []
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        results.append(measure(name, options, environment, with_torch))

    peak = max(peak, float(ask("--peak")))  # another process may have slowed the first measurement
    for result in results:
        if result["flops"]:
            result["share_of_peak"] = result["flops"] / result["xgrad_seconds"] / peak
    about = machine(options, environment, with_torch, peak)
    print(f"{about['date']}, {about['cpu']}, {about['threads']} threads, peak {peak / 1e9:.0f} GFLOP/s (FMA, float)"
          + (f", PyTorch {about['pytorch']}" if with_torch else ""))
    print(table(results, False))
    if options.json:
        Path(options.json).write_text(json.dumps({"machine": about, "workloads": results}, indent=2) + "\n")
    if options.markdown:
        Path(options.markdown).write_text(table(results, True) + "\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
