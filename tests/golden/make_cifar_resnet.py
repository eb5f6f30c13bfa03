#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The CIFAR ResNets of the original paper, named as in akamaster/pytorch_resnet_cifar10 (resnet.py)."""
import torch.nn.functional as F
from torch import nn

import make_golden
from make_golden import write_architecture


class Padding(nn.Module):
    """Every second pixel, and zeros around the channels."""

    def forward(self, x):
        inputs = x.shape[1]
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, inputs // 2, inputs // 2))


class Block(make_golden.BasicBlock):
    def __init__(self, inputs, outputs, stride):
        super().__init__(inputs, outputs, stride)
        if stride != 1:
            self.downsample = Padding()


class CifarResNet(nn.Module):
    def __init__(self, depth, width=16, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        inputs = width
        for stage in range(3):
            outputs = width << stage
            blocks = [Block(inputs, outputs, 1 if stage == 0 else 2)]
            blocks += [Block(outputs, outputs, 1) for _ in range((depth - 2) // 6 - 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            inputs = outputs
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


if __name__ == "__main__":
    write_architecture(
        {"cifar_resnet": (lambda: CifarResNet(20, width=4), 4, 32, 194)},
        {f"ResNet{depth}": lambda depth=depth: CifarResNet(depth) for depth in (20, 32, 44, 56, 110)})
