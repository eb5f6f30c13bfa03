#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes simple_mlp.safetensors, simple_cnn.safetensors and convnet.safetensors; see write_architecture in
make_golden.py.

SimpleCNN is the network of TensorFlow's tutorial "Convolutional Neural Network (CNN)", the others are the library's
own. Dropout has p = 0: masks of two libraries can't be the same.
"""
from torch import nn

from make_golden import write_architecture


class SimpleMLP(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.fc1 = nn.Linear(3 * 32 * 32, 64)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(64, classes)

    def forward(self, x):
        return self.fc2(self.relu(self.fc1(x.flatten(1))))


class SimpleCNN(nn.Module):
    def __init__(self, width, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3)
        self.conv2 = nn.Conv2d(width, 2 * width, 3)
        self.conv3 = nn.Conv2d(2 * width, 2 * width, 3)
        self.pool = nn.MaxPool2d(2, 2)
        self.relu = nn.ReLU()
        self.fc1 = nn.Linear(2 * width * 4 * 4, 2 * width)
        self.fc2 = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = self.relu(self.conv3(x)).flatten(1)
        return self.fc2(self.relu(self.fc1(x)))


def stage(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(),
        nn.MaxPool2d(2, 2))


class ConvNet(nn.Module):
    def __init__(self, width, classes=10):
        super().__init__()
        self.stage1 = stage(3, width)
        self.stage2 = stage(width, 2 * width)
        self.stage3 = stage(2 * width, 4 * width)
        self.dropout = nn.Dropout(0)
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x):
        return self.fc(self.dropout(self.stage3(self.stage2(self.stage1(x))).mean((2, 3))))


if __name__ == "__main__":
    write_architecture(
        {"simple_mlp": (SimpleMLP, 4, 32, 119), "simple_cnn": (lambda: SimpleCNN(4), 4, 32, 150),
         "convnet": (lambda: ConvNet(4), 4, 32, 126)},
        {"SimpleMLP": SimpleMLP, "SimpleCNN": lambda: SimpleCNN(32), "ConvNet": lambda: ConvNet(64)})
