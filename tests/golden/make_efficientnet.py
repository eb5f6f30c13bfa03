# SPDX-License-Identifier: MIT
"""Writes efficientnet.safetensors and efficientnet_imagenet.safetensors; see write_architecture in make_golden.py.

EfficientNet with the names of torchvision.models.efficientnet_b0, without dropout and stochastic depth.
"""
from make_golden import nn, write_architecture

# expand, kernel, stride, channels, blocks
B0 = (32, 1280, ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3),
                 (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)))
NARROW = (8, 24, ((1, 3, 1, 4, 1), (6, 3, 2, 5, 2), (3, 5, 2, 6, 2), (2, 3, 2, 8, 1),
                  (2, 5, 1, 8, 2), (2, 5, 2, 10, 1), (2, 3, 1, 12, 1)))


def conv_norm(inputs, outputs, kernel, stride=1, groups=1, activation=True):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
              nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.SiLU()] if activation else []))


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.activation = nn.SiLU()
        self.scale_activation = nn.Sigmoid()

    def forward(self, x):
        return x * self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(x)))))


class MBConv(nn.Module):
    def __init__(self, expand, kernel, stride, inputs, outputs):
        super().__init__()
        inner = expand * inputs
        self.block = nn.Sequential(
            *([conv_norm(inputs, inner, 1)] if expand != 1 else []),
            conv_norm(inner, inner, kernel, stride, groups=inner),
            SqueezeExcitation(inner, max(1, inputs // 4)),
            conv_norm(inner, outputs, 1, activation=False))
        self.has_skip = stride == 1 and inputs == outputs

    def forward(self, x):
        return self.block(x) + x if self.has_skip else self.block(x)


class EfficientNet(nn.Module):
    def __init__(self, table, classes=10, imagenet=False):
        super().__init__()
        stem, head, stages = table
        layers, inputs = [conv_norm(3, stem, 3, 2 if imagenet else 1)], stem
        for i, (expand, kernel, stride, channels, blocks) in enumerate(stages):
            if i == 1 and not imagenet:
                stride = 1
            layers.append(nn.Sequential(*(MBConv(expand, kernel, 1 if k else stride, channels if k else inputs, channels)
                                          for k in range(blocks))))
            inputs = channels
        self.features = nn.Sequential(*layers, conv_norm(inputs, head, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0), nn.Linear(head, classes))

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


if __name__ == "__main__":
    write_architecture(  # SiLU has no kink: any input serves
        {"efficientnet": (lambda: EfficientNet(NARROW), 3, 32, 0),
         "efficientnet_imagenet": (lambda: EfficientNet(NARROW, imagenet=True), 3, 64, 0)},
        {"EfficientNetB0": lambda: EfficientNet(B0),
         "EfficientNetB0ImageNet": lambda: EfficientNet(B0, 1000, imagenet=True)})
