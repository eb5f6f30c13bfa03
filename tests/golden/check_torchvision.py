#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the networks of the make_*.py beside it are torchvision's: the same names and shapes, in the same order,
the same number of parameters, and with the same weights the same results. (That the library's networks are these, the
golden tests check.)

    pip install torchvision && python3 tests/golden/check_torchvision.py
"""
import torch
from torch import nn
from torchvision import models

from make_alexnet import AlexNet
from make_densenet import FULL_SIZE as DENSENET
from make_efficientnet import B0, EfficientNet
from make_golden import BasicBlock, Bottleneck, ResNet
from make_vgg import VGG

NETWORKS = {
    "alexnet": lambda: AlexNet(64, imagenet=True, classes=1000),
    "densenet121": DENSENET["DenseNet121ImageNet"],
    "densenet169": DENSENET["DenseNet169ImageNet"],
    "densenet201": DENSENET["DenseNet201ImageNet"],
    "efficientnet_b0": lambda: EfficientNet(B0, 1000, imagenet=True),
    "vgg16": lambda: VGG(64, imagenet=True, classes=1000),
    "vgg16_bn": lambda: VGG(64, norm=True, imagenet=True, classes=1000),
}
for name, block, depths in (("resnet18", BasicBlock, (2, 2, 2, 2)), ("resnet34", BasicBlock, (3, 4, 6, 3)),
                            ("resnet50", Bottleneck, (3, 4, 6, 3)), ("resnet101", Bottleneck, (3, 4, 23, 3)),
                            ("resnet152", Bottleneck, (3, 8, 36, 3))):
    NETWORKS[name] = lambda block=block, depths=depths: ResNet(64, block, depths, 1000, imagenet=True)

torch.manual_seed(1)
images = torch.randn(2, 3, 224, 224)
for name, make in NETWORKS.items():
    theirs, ours = models.get_model(name), make()
    assert list(theirs.state_dict()) == list(ours.state_dict()), name
    ours.load_state_dict(theirs.state_dict())
    for network in (theirs, ours):
        for layer in network.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0  # torchvision's draws come from another place
            if hasattr(layer, "stochastic_depth"):
                layer.stochastic_depth = nn.Identity()
    worst = 0
    for training in (True, False):  # the second with the running averages of the first
        expected, found = theirs.train(training)(images), ours.train(training)(images)
        worst = max(worst, ((found - expected).norm() / expected.norm()).item())
    assert worst < 1e-5, (name, worst)
    print(f"{name}: {sum(p.numel() for p in ours.parameters()):,} parameters, relative difference {worst:.1e}")
