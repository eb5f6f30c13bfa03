# SPDX-License-Identifier: MIT
"""Writes convnext.safetensors; see write_architecture in make_golden.py.

ConvNeXt with 1×1 convolutions in place of its linear layers, without its scale for each channel and stochastic depth, on
patches of 2×2 pixels; its blocks have the names of facebookresearch/ConvNeXt.
"""
from make_golden import F, nn, write_architecture


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        return F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps).permute(
            0, 3, 1, 2)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width, bias=False)
        self.norm = LayerNorm2d(width, eps=1e-6)
        self.pwconv1 = nn.Conv2d(width, 4 * width, 1)
        self.act = nn.GELU()
        self.pwconv2 = nn.Conv2d(4 * width, width, 1)

    def forward(self, x):
        return x + self.pwconv2(self.act(self.pwconv1(self.norm(self.dwconv(x)))))


class ConvNeXt(nn.Module):
    def __init__(self, width, depths, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 2, 2), LayerNorm2d(width, eps=1e-6))
        for i, depth in enumerate(depths, 1):
            if i > 1:
                self.add_module(f"downsample{i}",
                                nn.Sequential(LayerNorm2d(width, eps=1e-6), nn.Conv2d(width, 2 * width, 2, 2)))
                width *= 2
            self.add_module(f"stage{i}", nn.Sequential(*(Block(width) for _ in range(depth))))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.norm = LayerNorm2d(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        for name, module in self.named_children():
            x = module(x.flatten(1) if name == "head" else x)
        return x


if __name__ == "__main__":
    write_architecture(  # GELU has no kink: any input serves
        {"convnext": (lambda: ConvNeXt(4, (1, 2, 2, 1)), 3, 32, 0)},
        {"SmallConvNeXt": lambda: ConvNeXt(32, (2, 2, 6, 2))})
