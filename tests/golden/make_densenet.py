#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes densenet.safetensors and densenet_imagenet.safetensors; see make_golden.py and README.md.

The network is torchvision's densenet.py without memory_efficient and dropout. For CIFAR the stem is one 3×3
convolution, as with small_inputs in gpleiss/efficient_densenet_pytorch (whose other names are torchvision's, but for
norm_final instead of norm5).
"""
from collections import OrderedDict

import torch
from torch import nn

import make_golden


class DenseLayer(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, 1, 1, bias=False)

    def forward(self, x):
        y = self.conv1(self.relu1(self.norm1(x)))
        return torch.cat([x, self.conv2(self.relu2(self.norm2(y)))], 1)


class DenseNet(nn.Module):
    def __init__(self, depths, stem, growth, classes=10, imagenet=False):
        super().__init__()
        if imagenet:
            parts = [("conv0", nn.Conv2d(3, stem, 7, 2, 3, bias=False)), ("norm0", nn.BatchNorm2d(stem)),
                     ("relu0", nn.ReLU()), ("pool0", nn.MaxPool2d(3, 2, 1))]
        else:
            parts = [("conv0", nn.Conv2d(3, stem, 3, 1, 1, bias=False))]
        channels = stem
        for i, depth in enumerate(depths):
            block = OrderedDict((f"denselayer{k + 1}", DenseLayer(channels + k * growth, growth)) for k in range(depth))
            parts.append((f"denseblock{i + 1}", nn.Sequential(block)))
            channels += depth * growth
            if i + 1 < len(depths):
                parts.append((f"transition{i + 1}", nn.Sequential(OrderedDict(
                    norm=nn.BatchNorm2d(channels), relu=nn.ReLU(),
                    conv=nn.Conv2d(channels, channels // 2, 1, bias=False), pool=nn.AvgPool2d(2, 2)))))
                channels //= 2
        parts.append(("norm5", nn.BatchNorm2d(channels)))
        self.features = nn.Sequential(OrderedDict(parts))
        self.relu = nn.ReLU()
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x):
        return self.classifier(self.relu(self.features(x)).mean((2, 3)))


FULL_SIZE = {"DenseNetBC100": lambda: DenseNet((16, 16, 16), 24, 12)}
for name, depths in (("121", (6, 12, 24, 16)), ("169", (6, 12, 32, 32)), ("201", (6, 12, 48, 32))):
    FULL_SIZE[f"DenseNet{name}"] = lambda depths=depths: DenseNet(depths, 64, 32)
    FULL_SIZE[f"DenseNet{name}ImageNet"] = lambda depths=depths: DenseNet(depths, 64, 32, 1000, imagenet=True)

if __name__ == "__main__":
    make_golden.write_architecture({
        "densenet": (lambda: DenseNet((2, 3, 2), 8, 4), 4, 32, 183),
        "densenet_imagenet": (lambda: DenseNet((2, 1, 2, 2), 8, 4, imagenet=True), 3, 64, 103),
    }, FULL_SIZE)
