#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Wide residual networks, named as in xternalz/WideResNet-pytorch (wideresnet.py); without dropout, which PyTorch draws
from other random numbers."""
from torch import nn

from make_golden import write_architecture


class WideBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.relu = nn.ReLU()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.convShortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None

    def forward(self, x):
        pre = self.relu(self.bn1(x))
        skip = self.convShortcut(pre) if self.convShortcut else x
        return self.conv2(self.relu(self.bn2(self.conv1(pre)))) + skip


class NetworkBlock(nn.Module):
    def __init__(self, inputs, outputs, stride, depth):
        super().__init__()
        blocks = [WideBlock(inputs, outputs, stride)]
        self.layer = nn.Sequential(*blocks, *(WideBlock(outputs, outputs, 1) for _ in range(depth - 1)))

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, depth, widen, width=16, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        outputs = widen * width
        self.block1 = NetworkBlock(width, outputs, 1, (depth - 4) // 6)
        self.block2 = NetworkBlock(outputs, 2 * outputs, 2, (depth - 4) // 6)
        self.block3 = NetworkBlock(2 * outputs, 4 * outputs, 2, (depth - 4) // 6)
        self.bn1 = nn.BatchNorm2d(4 * outputs)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(4 * outputs, classes)

    def forward(self, x):
        x = self.relu(self.bn1(self.block3(self.block2(self.block1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


if __name__ == "__main__":
    write_architecture(
        {"wide_resnet": (lambda: WideResNet(16, 2, width=4), 4, 32, 21)},
        {"WideResNet16_4": lambda: WideResNet(16, 4), "WideResNet28_10": lambda: WideResNet(28, 10)})
