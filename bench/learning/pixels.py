#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a JPEG copy of CIFAR-10 costs, in PyTorch: the same images with their exact pixels and with the copy's.

    python3 bench/learning/pixels.py EXACT_TRAIN EXACT_TEST COPY_TRAIN COPY_TEST OUT [SEED ...]

Files are CIFAR-10's; record k of a file and of its copy are the same image. One result for each kind and seed in OUT.
"""
import json
import pathlib
import statistics
import sys

import torch

from learning import DEFAULTS, RECIPES, accuracy, finished, own_pipeline, read_cifar, torchvision_initialised, train

EPOCHS = 8


def main():
    torch.set_num_threads(1)
    files, out, seeds = sys.argv[1:5], pathlib.Path(sys.argv[5]), [int(s) for s in sys.argv[6:]] or [1, 2, 3]
    out.mkdir(parents=True, exist_ok=True)
    exact_train, exact_test, copy_train, copy_test = (read_cifar(file) for file in files)
    assert torch.equal(exact_train[1], copy_train[1]) and torch.equal(exact_test[1], copy_test[1])
    recipe = DEFAULTS | RECIPES["accumulated"]
    found = {}
    for seed in seeds:
        for kind, data in (("exact", exact_train), ("copy", copy_train)):
            def run():
                net = torchvision_initialised(seed)
                batches = own_pipeline(data, EPOCHS, recipe["batch_size"], torch.Generator().manual_seed(seed))
                quick = tuple(t[:10] for t in exact_test)
                result = train(net, recipe, batches, len(data[1]), EPOCHS, exact_test, quick, [])
                return {"exact": result["test"], "copy": accuracy(net, copy_test), "train": result["train"][-1]}

            found[kind, seed] = finished(out / f"{kind}-{seed}.json", run)
            print(kind, seed, json.dumps(found[kind, seed]), flush=True)
    for kind in ("exact", "copy"):
        print(f"trained on {kind} pixels: " + "; ".join(
            f"{on} {100 * statistics.mean(found[kind, seed][on] for seed in seeds):.1f} %" for on in ("exact", "copy", "train")))


if __name__ == "__main__":
    main()
