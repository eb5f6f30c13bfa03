#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes vgg16.safetensors and vgg16_bn_imagenet.safetensors; see write_architecture in make_golden.py.

The networks are torchvision's vgg16() and vgg16_bn() and, for CIFAR, kuangliu/pytorch-cifar's, with their names.
Dropout has p = 0: masks of two libraries can't be the same.
"""
from torch import nn

from make_golden import write_architecture

DEPTHS = {"11": (1, 1, 2, 2, 2), "13": (2, 2, 2, 2, 2), "16": (2, 2, 3, 3, 3), "19": (2, 2, 4, 4, 4)}


class VGG(nn.Module):
    def __init__(self, width, depths=DEPTHS["16"], norm=False, imagenet=False, classes=10):
        super().__init__()
        layers, inputs = [], 3
        for stage, depth in enumerate(depths):
            outputs = width << min(stage, 3)
            for _ in range(depth):
                layers.append(nn.Conv2d(inputs, outputs, 3, padding=1))
                layers += [nn.BatchNorm2d(outputs)] * norm
                layers.append(nn.ReLU())
                inputs = outputs
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        hidden = 64 * width
        self.classifier = nn.Sequential(
            nn.Linear(inputs * 7 * 7, hidden), nn.ReLU(), nn.Dropout(0),
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0),
            nn.Linear(hidden, classes)) if imagenet else nn.Linear(inputs, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


if __name__ == "__main__":
    write_architecture(
        {"vgg16": (lambda: VGG(4), 4, 32, 107),
         "vgg16_bn_imagenet": (lambda: VGG(2, norm=True, imagenet=True), 2, 224, 141)},
        {"VGG16": lambda: VGG(64), "VGG16BN": lambda: VGG(64, norm=True),
         "VGG16ImageNet": lambda: VGG(64, imagenet=True, classes=1000),
         "VGG16BNImageNet": lambda: VGG(64, norm=True, imagenet=True, classes=1000)})
