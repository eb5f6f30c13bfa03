#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyramidNet, named as in dyhan0920/PyramidNet-PyTorch (PyramidNet.py)."""
import torch.nn.functional as F
from torch import nn

from make_golden import write_architecture


class PyramidBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = nn.AvgPool2d(2) if stride == 2 else nn.Identity()
        self.padding = outputs - inputs

    def forward(self, x):
        y = self.bn3(self.conv2(self.relu(self.bn2(self.conv1(self.bn1(x))))))
        return y + F.pad(self.downsample(x), (0, 0, 0, 0, 0, self.padding))


class PyramidNet(nn.Module):
    def __init__(self, depth, alpha, width=16, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        n = (depth - 2) // 6
        inputs, dimension = width, float(width)
        for stage in range(3):
            blocks = []
            for i in range(n):
                dimension += alpha / (3 * n)
                blocks.append(PyramidBlock(inputs, round(dimension), 2 if stage > 0 and i == 0 else 1))
                inputs = round(dimension)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.bn_final = nn.BatchNorm2d(inputs)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.bn1(self.conv1(x)))))
        return self.fc(self.relu(self.bn_final(x)).mean((2, 3)))


if __name__ == "__main__":
    write_architecture(
        {"pyramid_net": (lambda: PyramidNet(14, 10, width=4), 4, 32, 148)},
        {"PyramidNet110_84": lambda: PyramidNet(110, 84)})
