#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes alexnet.safetensors and alexnet_imagenet.safetensors; see write_architecture in make_golden.py.

The networks are torchvision's alexnet() and, for CIFAR, that of bearpaw/pytorch-classification, with their names.
Dropout has p = 0: masks of two libraries can't be the same.
"""
from torch import nn

from make_golden import write_architecture


class AlexNet(nn.Module):
    def __init__(self, width, imagenet=False, classes=10):
        super().__init__()
        window, padding = (3, 2) if imagenet else (2, 5)
        self.features = nn.Sequential(
            nn.Conv2d(3, width, 11, 4, padding), nn.ReLU(), nn.MaxPool2d(window, 2),
            nn.Conv2d(width, 3 * width, 5, padding=2), nn.ReLU(), nn.MaxPool2d(window, 2),
            nn.Conv2d(3 * width, 6 * width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(6 * width, 4 * width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(4 * width, 4 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(window, 2))
        hidden = 64 * width
        self.classifier = nn.Sequential(
            nn.Dropout(0), nn.Linear(4 * width * 6 * 6, hidden), nn.ReLU(),
            nn.Dropout(0), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, classes)) if imagenet else nn.Linear(4 * width, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


if __name__ == "__main__":
    write_architecture(
        {"alexnet": (lambda: AlexNet(4), 4, 32, 180),
         "alexnet_imagenet": (lambda: AlexNet(4, imagenet=True), 2, 224, 107)},
        {"AlexNet": lambda: AlexNet(64), "AlexNetImageNet": lambda: AlexNet(64, imagenet=True, classes=1000)})
