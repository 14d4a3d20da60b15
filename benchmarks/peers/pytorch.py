"""The workloads in PyTorch, in its fastest configuration, with the protocol of measure.cpp.

pytorch.py WORKLOAD THREADS [--compile]
"""

import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        h = F.max_pool2d(F.relu(self.conv1(x)), 2)
        h = F.max_pool2d(F.relu(self.conv2(h)), 2)
        h = self.dropout(F.relu(self.fc1(torch.flatten(h, 1))))
        return self.fc3(F.relu(self.fc2(h)))


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 5, padding=2), nn.Conv2d(32, 64, 5, padding=2)
        self.fc1, self.fc2 = nn.Linear(3136, 128), nn.Linear(128, 10)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x):
        h = F.max_pool2d(F.relu(self.conv1(x)), 2)
        h = F.max_pool2d(F.relu(self.conv2(h)), 2)
        return self.fc2(self.dropout(F.relu(self.fc1(torch.flatten(h, 1)))))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, 10)

    def forward(self, x):
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [64, 64, 64, 64, 128, 128, 128, 256, 256]
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.Conv2d(i, o, 3, padding=1, stride=1 if i == o else 2), nn.Conv2d(o, o, 3, padding=1)])
            for i, o in zip(widths, widths[1:]))
        self.fc = nn.Linear(256, 10)

    def forward(self, x):
        for first, second in self.blocks:
            h = second(F.relu(first(x)))
            x = F.relu(h + x) if h.shape == x.shape else F.relu(h)
        return self.fc(x.mean((2, 3)))


def training(model, shape, compiled):
    """The training step, in whichever memory format is faster here."""
    def step_in(memory_format):
        net = model()
        x, labels = torch.rand(shape), torch.arange(shape[0]) % 10
        if len(shape) == 4:
            net, x = net.to(memory_format=memory_format), x.contiguous(memory_format=memory_format)
        sgd = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
        run = torch.compile(net) if compiled else net

        def step():
            sgd.zero_grad(set_to_none=True)
            F.cross_entropy(run(x), labels).backward()
            sgd.step()
        return step

    return fastest([step_in(each) for each in formats(shape)])


def formats(shape):
    return [torch.contiguous_format] + ([torch.channels_last] if len(shape) == 4 else [])


def fastest(steps):
    for step in steps:
        for _ in range(3):
            step()
    return min(steps, key=lambda step: measure(step, 0.3))


def lenet_infer(compiled):
    def step_in(memory_format):
        net = LeNet().eval().to(memory_format=memory_format)
        x = torch.rand(1, 1, 28, 28).contiguous(memory_format=memory_format)
        run = torch.compile(net) if compiled else net

        def step():
            with torch.inference_mode():
                run(x)
        return step
    return fastest([step_in(each) for each in formats((1, 1, 28, 28))])


def scalar_chain(compiled):
    x = torch.tensor([0.5], requires_grad=True)

    def step():
        h = x
        for _ in range(333):
            h = torch.tanh(h * 1.0001 + 0.1)
        torch.autograd.grad(h, x)
    return step


def operation(f):
    def make(compiled):
        x = torch.randn(1600, 1000, requires_grad=True)
        run = torch.compile(f) if compiled else f
        cotangent = torch.rand(f(x).shape)
        return lambda: torch.autograd.grad(run(x), x, cotangent)
    return make


def broadcast_bias(compiled):
    x, bias = torch.randn(1600, 1000, requires_grad=True), torch.randn(1000, requires_grad=True)
    cotangent = torch.rand(1600, 1000)
    return lambda: torch.autograd.grad(x + bias, [x, bias], cotangent)


def fused_elementwise(compiled):
    a, b = (torch.randn(1600, 1000, requires_grad=True) for _ in range(2))
    cotangent = torch.rand(1600, 1000)
    bell = lambda p, q: p * torch.exp(-q * q)
    function = torch.compile(bell) if compiled else bell
    return lambda: torch.autograd.grad(function(a, b), [a, b], cotangent)


workloads = {
    "lenet_b1": lambda compiled: training(LeNet, (1, 1, 28, 28), compiled),
    "lenet_b64": lambda compiled: training(LeNet, (64, 1, 28, 28), compiled),
    "lenet_b512": lambda compiled: training(LeNet, (512, 1, 28, 28), compiled),
    "cnn_b64": lambda compiled: training(CNN, (64, 1, 28, 28), compiled),
    "mlp_b1": lambda compiled: training(MLP, (1, 784), compiled),
    "mlp_b128": lambda compiled: training(MLP, (128, 784), compiled),
    "residual_b32": lambda compiled: training(Residual, (32, 64, 32, 32), compiled),
    "lenet_infer_b1": lenet_infer,
    "scalar_chain": scalar_chain,
    "logsumexp": operation(lambda x: torch.logsumexp(x, 1)),
    "softmax": operation(lambda x: torch.softmax(x, 1)),
    "sum_axis": operation(lambda x: torch.sum(x, 1)),
    "broadcast_bias": broadcast_bias,
    "transpose": operation(lambda x: x.t().contiguous()),
    "fused_elementwise": fused_elementwise,
    "dropout": operation(lambda x: F.dropout(x, 0.5)),
}


def measure(step, seconds):
    times = []
    start = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    if name not in workloads:
        return
    step = workloads[name]("--compile" in sys.argv)
    for _ in range(3):
        step()
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "quit":
            break
        print(json.dumps({"seconds": measure(step, float(rest[0]))}), flush=True)
    print(json.dumps({"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


main()
