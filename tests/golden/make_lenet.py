#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes lenet5.safetensors; see write_architecture in make_golden.py.

The network is that of PyTorch's CIFAR-10 tutorial ("Training a Classifier"), with its names.
"""
from torch import nn

from make_golden import write_architecture


class LeNet(nn.Module):
    def __init__(self, channels=3, padding=0, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 5, padding=padding)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.relu = nn.ReLU()
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x))).flatten(1)
        return self.fc3(self.relu(self.fc2(self.relu(self.fc1(x)))))


if __name__ == "__main__":
    write_architecture({"lenet5": (LeNet, 4, 32, 58)}, {"LeNet5": LeNet, "LeNet5Mnist": lambda: LeNet(1, 2)})
