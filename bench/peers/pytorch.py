# SPDX-License-Identifier: MIT
"""PyTorch: contiguous and channels_last, eager, frozen TorchScript and torch.compile."""

import os
import warnings

import torch
from torch import nn
from torch.nn import functional as F

from common import parse_options, peak_resident_bytes, report, report_seconds, report_version

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
# Debian's 1.13 has no torch.compile.
CAN_COMPILE = hasattr(torch, "compile")


class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = nn.Identity()
        if stride != 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(y)) + self.downsample(x), inplace=True)


def resnet18(memory_format):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    channels_in = 64
    for channels, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [BasicBlock(channels_in, channels, stride), BasicBlock(channels, channels, 1)]
        channels_in = channels
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    return net.to(memory_format=memory_format)


def images(batch, memory_format):
    return torch.randn(batch, 3, 32, 32).contiguous(memory_format=memory_format)


def training(memory_format, compiled=False):
    net = resnet18(memory_format)
    x, labels = images(128, memory_format), torch.randint(10, (128,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    try:  # one pass over each parameter, in newer versions
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4, fused=True)
    except TypeError:
        pass
    model = torch.compile(net) if compiled else net

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(x), labels).backward()
        optimizer.step()

    return step


def inference(batch, memory_format, how):
    net, x = resnet18(memory_format).eval(), images(batch, memory_format)
    with torch.no_grad():
        if how == "frozen":
            net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, x)))
        elif how == "compiled":
            from torch._inductor import config

            config.freezing = True  # folds BatchNorm, packs weights
            net = torch.compile(net)

    def call():
        with torch.inference_mode() if how == "eager" else torch.no_grad():
            return net(x)

    return call


def memory(setting, memory_format):
    """In a process of its own, which has the library loaded already: the peak counts from here on."""
    if (child := os.fork()) == 0:
        imported = peak_resident_bytes()
        step = training(memory_format)
        for _ in range(3):
            step()
        report("memory train 128", setting, bytes=peak_resident_bytes(), bytes_before_the_model=imported)
        os._exit(0)
    os.waitpid(child, 0)


def main():
    options = parse_options()
    report_version(torch.__version__)
    warnings.simplefilter("ignore")
    torch.set_num_threads(options.threads)
    if options.only == "memory train 128":
        for setting, memory_format in FORMATS.items():
            memory(setting, memory_format)
        return
    if "train 128".startswith(options.only):
        for setting, memory_format in FORMATS.items():
            report_seconds("train 128", setting, lambda: training(memory_format))
            if CAN_COMPILE:
                report_seconds("train 128", f"{setting} compiled", lambda: training(memory_format, compiled=True))
    for batch in (32, 1):
        if not (work := f"infer {batch}").startswith(options.only):
            continue
        for setting, memory_format in FORMATS.items():
            for how in ("eager", "frozen", "compiled") if CAN_COMPILE else ("eager", "frozen"):
                report_seconds(work, f"{setting} {how}", lambda: inference(batch, memory_format, how))


if __name__ == "__main__":
    main()
