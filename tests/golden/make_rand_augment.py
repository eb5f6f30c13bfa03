#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes rand_augment.safetensors: torchvision's RandAugment on PIL images, one operation at a time; see README.md.

    pip install torchvision && python3 tests/golden/make_rand_augment.py
"""
import numpy
import torch
from PIL import Image
from torchvision.transforms.autoaugment import RandAugment, _apply_op
from torchvision.transforms import InterpolationMode

from make_golden import words, write

HEIGHT, WIDTH, MAGNITUDES = 12, 16, (4, 9, 17, 30)
OPERATIONS = {  # the library's names, in its order
    "shear_x": "ShearX", "shear_y": "ShearY", "translate_x": "TranslateX", "translate_y": "TranslateY",
    "rotate": "Rotate", "brightness": "Brightness", "color": "Color", "contrast": "Contrast",
    "sharpness": "Sharpness", "identity": "Identity", "posterize": "Posterize", "solarize": "Solarize",
    "auto_contrast": "AutoContrast", "equalize": "Equalize"}

h, w, c = numpy.indices((HEIGHT, WIDTH, 3))
IMAGES = {"noise": (words("noise", h.size) & 255).reshape(h.shape),
          "gradient": 40 + 9 * w + 5 * h + 11 * c}

results = {}
space = RandAugment()._augmentation_space(31, (HEIGHT, WIDTH))
for image, pixels in IMAGES.items():
    results[image] = torch.from_numpy(pixels.astype(numpy.uint8))
    for name, torchvisions in OPERATIONS.items():
        magnitudes, signed = space[torchvisions]
        for magnitude in MAGNITUDES:
            for sign in (1, -1) if signed else (1,):
                value = float(magnitudes[magnitude]) * sign if magnitudes.ndim else 0.0
                changed = _apply_op(Image.fromarray(results[image].numpy()), torchvisions, value,
                                    InterpolationMode.NEAREST, None)
                results[f"{image}/{name}/{sign * magnitude}"] = torch.from_numpy(numpy.array(changed))
write("rand_augment.safetensors", results)
