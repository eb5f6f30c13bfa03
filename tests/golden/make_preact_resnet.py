#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pre-activation ResNets, named as in kuangliu/pytorch-cifar (models/preact_resnet.py)."""
from torch import nn

from make_golden import write_architecture


class PreActBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.relu = nn.ReLU()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False))

    def branch(self, pre):
        return self.conv2(self.relu(self.bn2(self.conv1(pre))))

    def forward(self, x):
        pre = self.relu(self.bn1(x))
        return self.branch(pre) + (self.shortcut(pre) if hasattr(self, "shortcut") else x)


class PreActBottleneck(PreActBlock):
    expansion = 4

    def __init__(self, inputs, outputs, stride):
        nn.Module.__init__(self)
        inner = outputs // 4
        self.relu = nn.ReLU()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outputs, 1, bias=False)
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False))

    def branch(self, pre):
        return self.conv3(self.relu(self.bn3(self.conv2(self.relu(self.bn2(self.conv1(pre)))))))


class PreActResNet(nn.Module):
    def __init__(self, block, depths, width=64, classes=10, imagenet=False):
        super().__init__()
        kernel, stride = (7, 2) if imagenet else (3, 1)
        self.conv1 = nn.Conv2d(3, width, kernel, stride, kernel // 2, bias=False)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if imagenet else nn.Identity()
        inputs = width
        for stage, depth in enumerate(depths):
            outputs = (width << stage) * block.expansion
            blocks = [block(inputs, outputs, 1 if stage == 0 else 2)]
            blocks += [block(outputs, outputs, 1) for _ in range(depth - 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            inputs = outputs
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.maxpool(self.conv1(x))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.linear(x.mean((2, 3)))


FAMILY = {18: (PreActBlock, (2, 2, 2, 2)), 34: (PreActBlock, (3, 4, 6, 3)),
          50: (PreActBottleneck, (3, 4, 6, 3)), 101: (PreActBottleneck, (3, 4, 23, 3))}

if __name__ == "__main__":
    full_size = {f"PreActResNet{depth}": lambda net=net: PreActResNet(*net) for depth, net in FAMILY.items()}
    full_size |= {f"PreActResNet{depth}ImageNet": lambda net=net: PreActResNet(*net, classes=1000, imagenet=True)
                  for depth, net in FAMILY.items()}
    write_architecture(
        {"preact_resnet18": (lambda: PreActResNet(*FAMILY[18], width=4), 4, 32, 150),
         "preact_resnet50": (lambda: PreActResNet(*FAMILY[50], width=4), 4, 32, 95)}, full_size)
