"""Runs the examples as a user does, and checks their output, exit codes and files.

usage: examples_test.py FOLDER, where FOLDER holds the compiled examples. The main example is trained on generated
data, ten patterns in noise, so that the test needs no data set.
"""

import gzip
import json
import math
import os
import pathlib
import pty
import random
import re
import shlex
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

EXAMPLES = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build/examples")
TRAIN_COUNT, TEST_COUNT = 600, 100
HELD_OUT = TRAIN_COUNT // 10
FAST = ["--model", "mlp", "--batch", "16", "--epochs", "3", "--seed", "1", "--threads", "1"]


def idx(shape, entries):
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + bytes(entries)


def samples(count, generator, label=None):
    """Images of 28 x 28 whose rows 2k + 4 to 2k + 6 are bright for class k, and their classes."""
    images, labels = [], []
    for n in range(count):
        k = n % 10
        for row in range(28):
            low = 150 if 2 * k + 4 <= row < 2 * k + 7 else 0
            images += [low + generator.randrange(100) for _ in range(28)]
        labels.append(k if label is None else label)
    return idx((count, 28, 28), images), idx((count,), labels)


def write_data(folder, compressed=False, **changes):
    """Writes the four files; `changes` replaces the bytes of those that it names."""
    generator = random.Random(7)
    folder.mkdir()
    for prefix, count in (("train", TRAIN_COUNT), ("t10k", TEST_COUNT)):
        images, labels = samples(count, generator)
        images, labels = changes.get(prefix + "_images", images), changes.get(prefix + "_labels", labels)
        files = {f"{prefix}-images-idx3-ubyte": images, f"{prefix}-labels-idx1-ubyte": labels}
        for name, content in files.items():
            if compressed:
                (folder / (name + ".gz")).write_bytes(gzip.compress(content))
            else:
                (folder / name).write_bytes(content)
    return folder


def started(command):
    """Starts a process that Ctrl-C ends even if these tests run in the background, where shells ignore it."""
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def run(program, *arguments):
    return subprocess.run(
        [EXAMPLES / program, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )


NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]\d+)?")


def numbers(text):
    return [float(number) for number in NUMBER.findall(text)]


def table(lines):
    """The numbers of the lines that contain only numbers."""
    return [numbers(line) for line in lines if numbers(line) and not NUMBER.sub("", line).strip()]


class Small(unittest.TestCase):
    def lines(self, program):
        """The output lines of a program, which must succeed."""
        result = run(program)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout.splitlines()

    def test_first_gradient(self):
        lines = dict(line.split("=") for line in self.lines("first_gradient"))
        came = {key.strip(): numbers(text) for key, text in lines.items()}
        x = [1, 2, 3]
        self.assertEqual(came["x"], x)
        self.assertAlmostEqual(came["y"][0], sum(math.sin(a) * a for a in x), places=5)
        for got, a in zip(came["dy/dx"], x, strict=True):
            self.assertAlmostEqual(got, math.sin(a) + a * math.cos(a), places=5)

    def test_check_gradient(self):
        output = "\n".join(self.lines("check_gradient"))
        self.assertIn("cube: gradcheck: 0 of 3 entries are wrong", output)
        self.assertIn("wrong_cube: gradcheck: 3 of 3 entries are wrong", output)
        self.assertIn("WRONG", output)

    def test_newton(self):
        rows = table(self.lines("newton"))
        for k, (step, x, y, f, distance) in enumerate(rows):
            self.assertEqual(step, k)
            self.assertAlmostEqual(f, (1 - x) ** 2 + 100 * (y - x * x) ** 2, delta=5e-3 * f + 1e-4)
            self.assertAlmostEqual(distance, math.hypot(x - 1, y - 1), delta=0.05 * distance + 1e-7)
        distances = [row[-1] for row in rows]
        self.assertLess(distances[-1], 1e-12)
        for before, after in zip(distances[2:], distances[3:]):
            self.assertLess(after, before**2)  # quadratic convergence

    def test_robot_arm(self):
        lines = self.lines("robot_arm")
        lengths = [1.0, 0.8, 0.5]

        def directions(degrees):
            return [math.radians(sum(degrees[: k + 1])) for k in range(3)]

        # Joint j moves all links from the j-th on.
        start = directions([math.degrees(angle) for angle in (0.3, 0.6, 0.6)])
        rows = [numbers(line) for line in lines[1:3]]
        for j in range(3):
            links = list(zip(lengths, start))[j:]
            self.assertAlmostEqual(rows[0][j], -sum(l * math.sin(d) for l, d in links), places=5)
            self.assertAlmostEqual(rows[1][j], sum(l * math.cos(d) for l, d in links), places=5)

        rows = table(lines)
        self.assertEqual(len(rows), 8)
        for x, y, steps, hand_x, hand_y, *degrees, error in rows:
            self.assertAlmostEqual(math.hypot(x - 1, y - 0.9), 0.6, places=3)
            self.assertLess(steps, 10)
            self.assertLess(error, 1e-12)
            came = directions(degrees)
            self.assertAlmostEqual(hand_x, sum(l * math.cos(d) for l, d in zip(lengths, came)), places=3)
            self.assertAlmostEqual(hand_y, sum(l * math.sin(d) for l, d in zip(lengths, came)), places=3)
            self.assertAlmostEqual(hand_x, x, places=3)
            self.assertAlmostEqual(hand_y, y, places=3)

    def test_gaussian_mixture(self):
        lines = self.lines("gaussian_mixture")
        steps = [numbers(line)[1] for line in lines if line.startswith("step")]
        self.assertEqual(steps, sorted(steps))
        rows = table(lines)
        self.assertEqual([row[1::2] for row in rows], [[0.5, -2, 0.5], [0.3, 1, 1], [0.2, 4, 0.7]])
        for _, weight, w, mean, m, deviation, s in rows:
            self.assertAlmostEqual(w, weight, delta=0.02)
            self.assertAlmostEqual(m, mean, delta=0.06)
            self.assertAlmostEqual(s, deviation, delta=0.06)
        under_the_truth, fitted = numbers(lines[-1])
        self.assertGreater(fitted, under_the_truth)
        self.assertLess(fitted, under_the_truth + 1e-3)

    def test_implicit_layer(self):
        lines = self.lines("implicit_layer")
        steps = [numbers(line) for line in lines if line.startswith("step")]
        self.assertLess(steps[0][2], 70)
        self.assertEqual(steps[-1][2], 100)
        self.assertLess(steps[-1][1], 0.05)
        _, difference = numbers(lines[-2])
        self.assertLess(difference, 1e-9)
        few, _, many = numbers(lines[-1])
        self.assertLess(few, 30)
        self.assertGreater(many, 900)

    def test_training_loop(self):
        lines = self.lines("training_loop")
        self.assertEqual([numbers(line)[0] for line in lines[:-1]], [10, 20, 30, 40][: len(lines) - 1])
        self.assertLess(numbers(lines[-1])[0], 5)

    def test_huffman(self):
        lines = self.lines("huffman")
        rows = table(lines)
        entropy = -0.1 * math.log2(0.1) - 0.9 * math.log2(0.9)
        crossed = -0.1 * math.log2(0.3) - 0.9 * math.log2(0.7)
        self.assertEqual([row[0] for row in rows], list(range(1, 13)))
        for m, right, wrong, excess in rows:
            self.assertGreaterEqual(right, entropy - 1e-4)  # no code is shorter
            self.assertLess(right, entropy + 1 / m)  # the bound for Huffman's code
            self.assertAlmostEqual(excess, wrong - right, delta=1.1e-4)
            self.assertGreaterEqual(excess, 0)
        # Blocks of two by hand: probabilities 0.81, 0.09, 0.09, 0.01 with codes of 1, 2, 3 and 3 bits.
        self.assertAlmostEqual(rows[1][1], (0.81 + 2 * 0.09 + 3 * 0.1) / 2, places=4)
        for came, expected in zip(numbers(lines[-1]), (entropy, crossed, crossed - entropy), strict=True):
            self.assertAlmostEqual(came, expected, places=4)

    def test_minimize(self):
        rows = [line.split() for line in self.lines("minimize")[1:]]
        self.assertEqual([row[0] for row in rows[::2]], ["Rosenbrock", "Beale", "Himmelblau", "Powell"])
        for momentum, lbfgs in zip(rows[::2], rows[1::2], strict=True):
            self.assertLess(float(lbfgs[4]), 1e-12)
            self.assertLess(int(lbfgs[3]), 0.2 * int(momentum[3]))

    def test_figures(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run("figures", "--out", folder).returncode, 0)
            committed = pathlib.Path(__file__).parents[2] / "docs" / "figures"
            names = sorted(path.name for path in pathlib.Path(folder).iterdir())
            for name in names:
                with self.subTest(name):
                    came, expected = ((path / name).read_text() for path in (pathlib.Path(folder), committed))
                    self.assertEqual(NUMBER.sub("#", came), NUMBER.sub("#", expected))
                    # Rounding errors differ between machines.
                    for a, b in zip(numbers(came), numbers(expected), strict=True):
                        self.assertAlmostEqual(a, b, delta=0.3)
            self.assertEqual(names, [f"figure{k}.svg" for k in range(1, 6)] + ["simplex_paths.svg"])

    def test_the_page_says_what_they_print(self):
        page = (pathlib.Path(__file__).parents[2] / "docs" / "examples.md").read_text()
        sections = re.findall(r"^## (\w+)\n\n```text\n(.*?)```", page, re.M | re.S)
        self.assertEqual(len(sections), 8)
        for program, said in sections:
            with self.subTest(program):
                came = self.lines(program)
                self.assertEqual(len(came), len(said.splitlines()))
                for line, expected in zip(came, said.splitlines()):
                    self.assertEqual(NUMBER.sub("#", line).split(), NUMBER.sub("#", expected).split())
                    for a, b in zip(numbers(line), numbers(expected), strict=True):
                        # Rounding errors differ between machines.
                        self.assertAlmostEqual(a, b, delta=0.02 * abs(b) + 1e-9)


class Plots(unittest.TestCase):
    """Programs with data and a plot, on generated data."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.data = write_data(cls.folder / "data")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def plot(self, program, *arguments):
        """The output lines of a program, which must succeed and write a plot."""
        path = self.folder / "plot.svg"
        result = run(program, "--data", self.data, "--plot", path, *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertTrue(path.read_text().startswith("<svg "))
        return result.stdout.splitlines()

    def test_dropout(self):
        lines = self.plot("dropout", "--images", "300", "--epochs", "3")
        self.assertEqual([line.split("  ")[0] for line in lines[2:]], ["no dropout", "dropout", "dropout and max-norm 2"])
        for line in lines[2:]:
            self.assertEqual(len(re.findall(r"\d %", line)), 3)

    def test_autoencoder(self):
        lines = self.plot("autoencoder", "--updates", "6", "--trial", "2")
        self.assertEqual(len(lines), 8)
        for line in lines[4:]:
            self.assertTrue(0 < numbers(line)[-1] < 784, line)

    def test_an_option_that_was_meant(self):
        for program, word, meant in (
            ("dropout", "--epoch", "--epochs"),
            ("batch_sizes", "--image", "--images"),
            ("autoencoder", "--update", "--updates"),
            ("figures", "--output", "--out"),
        ):
            result = run(program, word, "3")
            self.assertNotEqual(result.returncode, 0)
            self.assertEqual(result.stderr, f"{program}: there is no option {word}; did you mean {meant}?\n")

    def test_an_interruption_ends_all_trainings(self):
        command = [EXAMPLES / "dropout", "--data", self.data, "--images", "300", "--epochs", "10000"]
        with started(command) as process:
            process.stdout.readline()
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
        self.assertIn(process.returncode, (130, -signal.SIGINT))  # the latter while it reads the data
        self.assertNotIn("dropout  ", output)

    def test_wrong_data(self):
        for program in ("dropout", "batch_sizes", "autoencoder"):
            result = run(program, "--data", self.folder / "nowhere")
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, rf"\A{program}: .*nowhere holds no")


class Train(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.data = write_data(cls.folder / "data")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def train(self, *arguments, data=None):
        """The metrics and the output of a run, which must succeed."""
        metrics = self.folder / "metrics.json"
        result = run("train_fashion_mnist", "--data", data or self.data, "--metrics", metrics, *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return json.loads(metrics.read_text()), result.stdout

    def fails(self, *arguments, says, data=None):
        """Checks that a run fails, with one line on stderr and a nonzero exit code."""
        result = run("train_fashion_mnist", "--data", data or self.data, *arguments)
        self.assertNotEqual(result.returncode, 0)
        self.assertGreater(result.returncode, 0, "ended by a signal")
        self.assertRegex(result.stderr, r"\Atrain_fashion_mnist: [^\n]{1,1000}\n\Z")
        self.assertRegex(result.stderr, says)
        self.assertNotIn("epoch ", result.stdout)

    def numbers(self, metrics):
        """The metrics that the same seed must reproduce: everything but the times."""
        rows = [(e["epoch"], e["training_loss"], e["validation_error"]) for e in metrics["epochs"]]
        return rows, metrics["test_error"]

    def test_it_learns_and_reports(self):
        metrics, output = self.train(*FAST)
        self.assertEqual(list(metrics), ["model", "parameters", "seed", "reason", "epochs", "test_error", "peak_memory_bytes"])
        self.assertEqual((metrics["model"], metrics["seed"], metrics["reason"]), ("mlp", 1, "epochs"))
        self.assertEqual([e["epoch"] for e in metrics["epochs"]], [1, 2, 3])
        for epoch in metrics["epochs"]:
            self.assertEqual(
                list(epoch), ["epoch", "training_loss", "validation_error", "seconds", "images_per_second"]
            )
            self.assertGreater(epoch["seconds"], 0)
            self.assertAlmostEqual(
                epoch["images_per_second"] * epoch["seconds"], TRAIN_COUNT - HELD_OUT, delta=1e-3
            )
            errors = epoch["validation_error"] * HELD_OUT
            self.assertAlmostEqual(errors, round(errors), places=6)
        self.assertLess(metrics["epochs"][-1]["training_loss"], metrics["epochs"][0]["training_loss"])
        self.assertLess(metrics["test_error"], 0.1)  # by chance 0.9

        counts = f"{TRAIN_COUNT - HELD_OUT} training, {HELD_OUT} validation and {TEST_COUNT} test"
        self.assertIn(counts, output)
        self.assertEqual(len(re.findall(r"^epoch +\d/3  loss .*  validation .* s(  \*)?$", output, re.M)), 3)
        self.assertTrue(output.startswith(f"reading {self.data}\n"))
        self.assertIn(f"mlp on {self.data.name}\n", output)
        for line in output.split("Confusion matrix")[0].splitlines()[1:]:
            self.assertLessEqual(len(line), 80)
        self.assertRegex(output, rf"test error {100 * metrics['test_error']:.2f} %\n\Z")
        self.assertIn(f"peak memory {metrics['peak_memory_bytes'] >> 20} MiB", output)
        self.assertNotIn("\r", output)  # no bar without a terminal

    def test_the_confusion_matrix_counts_the_test_set(self):
        metrics, output = self.train(*FAST)
        table = output.split("Confusion matrix")[1].splitlines()[2:12]
        rows = [[int(word) for word in line.split()] for line in table]
        self.assertEqual([row[0] for row in rows], list(range(10)))  # digits: it is not Fashion-MNIST
        counts = [row[1:] for row in rows]
        self.assertEqual([sum(row) for row in counts], [TEST_COUNT // 10] * 10)
        right = sum(counts[k][k] for k in range(10))
        self.assertAlmostEqual(1 - right / TEST_COUNT, metrics["test_error"])

    def test_each_model_has_its_parameters(self):
        lenet = 25 * 6 + 6 + 25 * 6 * 16 + 16 + 400 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10
        mlp = 784 * 256 + 256 + 256 * 256 + 256 + 256 * 10 + 10
        cnn = 25 * 32 + 32 + 25 * 32 * 64 + 64 + 3136 * 128 + 128 + 128 * 10 + 10
        for model, count in {"lenet": lenet, "mlp": mlp, "cnn": cnn, "resnet": 658_730}.items():
            with self.subTest(model):
                metrics, _ = self.train("--model", model, "--epochs", 1)
                self.assertEqual(metrics["parameters"], count)

    def test_the_seed_decides(self):
        for model in ("lenet", "mlp"):
            with self.subTest(model):
                options = ["--model", model, "--epochs", 2, "--batch", 32, "--threads", 2]
                first = self.numbers(self.train(*options, "--seed", 3)[0])
                self.assertEqual(self.numbers(self.train(*options, "--seed", 3)[0]), first)
                self.assertNotEqual(self.numbers(self.train(*options, "--seed", 4)[0]), first)

    def test_optimizers_and_schedules(self):
        for optimizer in ("sgd", "nesterov", "adam", "adamw", "rmsprop", "adagrad"):
            with self.subTest(optimizer):
                metrics, _ = self.train(*FAST, "--optimizer", optimizer)
                self.assertLess(metrics["epochs"][-1]["training_loss"], 2)  # of ln 10 = 2.3 by chance
        for schedule in "constant linear cosine warm-cosine one-cycle step exponential plateau".split():
            with self.subTest(schedule):
                metrics, _ = self.train(*FAST, "--schedule", schedule, "--augment")
                self.assertLess(metrics["epochs"][-1]["training_loss"], 2)

    def test_a_run_goes_on(self):
        whole = self.numbers(self.train(*FAST, "--augment")[0])
        checkpoint, weights = self.folder / "run.safetensors", self.folder / "weights.safetensors"
        self.train("--model", "mlp", "--batch", "16", "--epochs", "2", "--seed", "1", "--threads", "1", "--schedule",
                   "constant", "--augment", "--checkpoint", checkpoint)
        part, _ = self.train(*FAST, "--schedule", "constant", "--augment", "--resume", checkpoint, "--save", weights)
        constant = self.train(*FAST, "--schedule", "constant", "--augment", "--save", self.folder / "other")[0]
        self.assertEqual(self.numbers(part), self.numbers(constant))
        self.assertEqual(weights.read_bytes(), (self.folder / "other").read_bytes())
        self.assertNotEqual(self.numbers(part), whole)
        self.fails("--model", "lenet", "--batch", "16", "--resume", checkpoint, says="cannot resume from.*fit the model")

    def test_early_stopping(self):
        metrics, output = self.train(*FAST[:4], "--epochs", "200", "--early-stopping", "2", "--threads", "1")
        errors = [epoch["validation_error"] for epoch in metrics["epochs"]]
        self.assertLess(len(errors), 200)
        self.assertEqual(errors.index(min(errors)), len(errors) - 3)
        self.assertIn("stopped: early stopping", output)

    def test_a_report_and_tensorboard(self):
        page, logs = self.folder / "report.html", self.folder / "logs"
        self.train("--epochs", "2", "--report", page, "--tensorboard", logs)
        text = page.read_text()
        for part in ("Confusion matrix", "Filters of conv1.weight", "Time of each layer", "conv2", "Learning rate"):
            self.assertIn(part, text)
        self.assertIn('<body class="finished"', text)
        self.assertRegex(text, r"<b>[\d.]+ %</b><span>test error</span>")
        (events,) = logs.iterdir()
        self.assertIn(b"validation/error", events.read_bytes())

    def test_compressed_files_give_the_same_numbers(self):
        compressed = write_data(self.folder / "compressed", compressed=True)
        plain = self.numbers(self.train(*FAST)[0])
        self.assertEqual(self.numbers(self.train(*FAST, data=compressed)[0]), plain)

    def test_online_learning(self):
        metrics, _ = self.train("--model", "mlp", "--epochs", 1, "--batch", 1, "--learning-rate", 0.002)
        self.assertTrue(math.isfinite(metrics["epochs"][0]["training_loss"]))

    def test_it_saves_safetensors(self):
        path = self.folder / "lenet.safetensors"
        self.train("--epochs", 1, "--save", path)
        content = path.read_bytes()
        (size,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + size])
        header.pop("__metadata__", None)
        layers = ("conv1", "conv2", "fc1", "fc2", "fc3")
        self.assertEqual(set(header), {f"{layer}.{part}" for layer in layers for part in ("weight", "bias")})
        self.assertEqual(header["conv2.weight"]["shape"], [16, 5, 5, 6])
        self.assertEqual({entry["dtype"] for entry in header.values()}, {"F32"})
        values = struct.unpack(f"<{(len(content) - 8 - size) // 4}f", content[8 + size :])
        self.assertEqual(len(values), 61706)
        self.assertTrue(all(map(math.isfinite, values)))

    def interrupted(self, which, *arguments, count=1):
        """Sends signals to a run after its first epoch; returns its exit code, output and errors."""
        command = [EXAMPLES / "train_fashion_mnist", "--data", self.data, "--threads", "1", *map(str, arguments)]
        with started(command) as process:
            output = ""
            while "epoch " not in output:
                output += process.stdout.readline()
            for _ in range(count):
                process.send_signal(which)
                time.sleep(0.05)
            rest, errors = process.communicate(timeout=120)
        return process.returncode, output + rest, errors

    def test_ctrl_c(self):
        folder = self.folder / "inter rupted"
        folder.mkdir()
        checkpoint, weights, metrics, page = (folder / name for name in ("run", "net", "metrics.json", "page.html"))
        weights.write_bytes(b"a good file")
        long_run = ["--model", "mlp", "--epochs", "5000", "--seed", "1", "--schedule", "constant"]
        outputs = ["--checkpoint", checkpoint, "--save", weights, "--metrics", metrics, "--report", page]
        for which, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(which):
                code, output, errors = self.interrupted(which, *long_run, *outputs)
                self.assertEqual(code, status)
                self.assertIn("stopped: interrupted", output)
                self.assertNotIn("test error", output)
                self.assertNotIn("Confusion matrix", output)
                self.assertIn(f"{weights} is not written", errors)
                self.assertEqual(weights.read_bytes(), b"a good file")
                numbers = json.loads(metrics.read_text())
                self.assertEqual((numbers["reason"], numbers["test_error"]), ("interrupted", None))
                self.assertIn("stopped: interrupted", page.read_text())
        # The printed command resumes the run.
        done = len(numbers["epochs"])
        self.assertGreaterEqual(done, 1)
        words = shlex.split(re.search(r"to resume, type\n  (.*)\n", errors)[1])
        self.assertEqual(words[-2:], ["--resume", str(checkpoint)])
        words[words.index("--epochs") + 1] = str(done + 1)
        result = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("resuming after", result.stdout)
        numbers = json.loads(metrics.read_text())
        self.assertEqual([e["epoch"] for e in numbers["epochs"]], list(range(1, done + 2)))
        self.assertGreater(weights.stat().st_size, 1000)

    def test_ctrl_c_without_a_checkpoint(self):
        code, _, errors = self.interrupted(signal.SIGINT, "--model", "mlp", "--epochs", "5000")
        self.assertEqual(code, 130)
        self.assertIn("there is no checkpoint (--checkpoint FILE writes one)", errors)

    def test_the_second_ctrl_c_ends_at_once(self):
        code, output, _ = self.interrupted(signal.SIGINT, "--model", "cnn", "--batch", "540", "--epochs", "5000", count=20)
        self.assertIn(code, (-signal.SIGINT, 130))  # the step may have ended before the second signal
        self.assertNotIn("test error", output)

    def test_a_closed_output(self):
        folder = self.folder / "closed"
        folder.mkdir()
        command = [EXAMPLES / "train_fashion_mnist", "--data", self.data, *FAST, "--tensorboard", folder / "logs"]
        command += ["--checkpoint", folder / "run", "--metrics", folder / "metrics.json"]
        closed = ["sh", "-c", 'exec "$@" >&-', "sh", *map(str, command)]
        self.assertEqual(subprocess.run(closed, timeout=120, check=False).returncode, 0)
        (events,) = (folder / "logs").iterdir()
        self.assertNotIn(b"validation 0", events.read_bytes())
        self.assertNotIn(b"samples", events.read_bytes().replace(b"speed/samples_per_second", b""))
        json.loads((folder / "metrics.json").read_text())

    def test_a_bar_on_a_terminal(self):
        command = [EXAMPLES / "train_fashion_mnist", "--data", self.data, "--model", "cnn"]
        command += ["--batch", "1", "--epochs", "1", "--learning-rate", "0.001"]
        parent, child = pty.openpty()
        with subprocess.Popen(command, stdout=child, stderr=child, stdin=subprocess.DEVNULL) as process:
            os.close(child)
            output = b""
            while True:
                try:
                    piece = os.read(parent, 65536)
                except OSError:  # how Linux reports the end of a terminal
                    break
                if not piece:
                    break
                output += piece
        os.close(parent)
        self.assertEqual(process.returncode, 0)
        self.assertRegex(output.decode(), r"\r\x1b\[Kepoch 1/1 (\[=* *\])? +\d+ %  loss \d")

    def test_help(self):
        result = run("train_fashion_mnist", "--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for option in (
            "data model epochs batch learning-rate optimizer schedule momentum augment early-stopping seed threads "
            "checkpoint resume report tensorboard save metrics"
        ).split():
            self.assertIn("--" + option, result.stdout)

    def test_bad_options(self):
        cases = {
            ("--model", "vgg"): "--model.*vgg",
            ("--model",): "--model",
            ("--epochs", "0"): "--epochs",
            ("--epochs", "many"): "--epochs",
            ("--batch", "0"): "--batch",
            ("--learning-rate", "-1"): "--learning-rate",
            ("--learning-rate", "nan"): "--learning-rate: expected a number >= 0, got nan",
            ("--learning-rate", "fast"): "--learning-rate = fast",
            ("--momentum", "1.5"): "--momentum",
            ("--seed", "-1"): "--seed",
            ("--threads", "-1"): "--threads",
            ("--optimizer", "newton"): "--optimizer",
            ("--schedule", "moon"): "--schedule",
            ("--early-stopping", "-1"): "--early-stopping",
            ("--resume", str(self.folder / "nothing")): "cannot resume from",
            ("--checkpoint", str(self.folder / "nowhere" / "run")): "nowhere",
            ("--what",): "there is no option --what; --help lists them",
            ("left over",): "left over",
            ("--epoch", "3"): "there is no option --epoch; did you mean --epochs",
            ("--epoch=3",): "there is no option --epoch; did you mean --epochs",
            ("--Epochs", "3"): "did you mean --epochs",
            ("-epochs", "3"): "did you mean --epochs",
            ("--lerning-rate", "1"): "did you mean --learning-rate",
            ("--tensor", "logs"): "did you mean --tensorboard",
            ("--check", "run"): "did you mean --checkpoint",
            ("--save", str(self.folder / "nowhere" / "net")): "nowhere",
            ("--metrics", str(self.folder)): "folder",
        }
        for arguments, says in cases.items():
            with self.subTest(arguments):
                self.fails(*arguments, says=says)

    def test_wrong_data(self):
        images, labels = samples(TRAIN_COUNT, random.Random(7))
        cases = {
            "short": ({"train_images": images[:-1]}, "train-images.*too short"),
            "long": ({"train_labels": labels + b"\0"}, "train-labels.*too long"),
            "magic": ({"t10k_images": b"GIF89a" + images[6:]}, "t10k-images.*not an IDX file"),
            "swapped": ({"train_images": labels}, "train-images.*expected 3 dimensions, got 1"),
            "narrow": ({"t10k_images": idx((100, 28, 27), bytes(100 * 28 * 27))}, "28 x 27"),
            "counts": ({"train_labels": idx((3,), [0, 1, 2])}, "600 images .* 3 labels"),
            "classes": ({"train_labels": idx((600,), [10] * 600)}, "label 10"),
            "few": (
                {"train_images": idx((5, 28, 28), bytes(5 * 784)), "train_labels": idx((5,), bytes(5))},
                "5 training images",
            ),
            "none": ({"t10k_images": idx((0, 28, 28), []), "t10k_labels": idx((0,), [])}, "0 images"),
        }
        for name, (changes, says) in cases.items():
            with self.subTest(name):
                self.fails(data=write_data(self.folder / name, **changes), says=says)

    def test_wrong_paths(self):
        self.fails(data=self.folder / "nowhere", says="nowhere.*train-images-idx3-ubyte")
        partial = write_data(self.folder / "partial")
        (partial / "t10k-labels-idx1-ubyte").unlink()
        self.fails(data=partial, says="partial.*t10k-labels-idx1-ubyte")
        self.fails(data=partial / "train-images-idx3-ubyte", says="train-images-idx3-ubyte")


if __name__ == "__main__":
    unittest.main()
