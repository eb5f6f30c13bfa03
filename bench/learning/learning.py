#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does the library train as well as PyTorch? README.md says what is compared and what came out.

    python3 bench/learning/learning.py --program build/release/bench/learning/learning \\
        --data cifar-10-batches-bin --out runs [--recipes sgd adam] [--seeds 1 2 3] [--steps-only]

Every run leaves a file in --out, and one that is there isn't repeated. Needs PyTorch and numpy.
"""
import argparse
import json
import pathlib
import statistics
import struct
import subprocess
import sys

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "golden"))
from make_epoch import DEFAULTS, MEAN, STD, Training, normalised  # noqa: E402
from make_golden import ResNet  # noqa: E402: named as in torchvision

WIDTH = 8  # as in ours.cpp
RECIPES = {
    "sgd": dict(batch_size=64, lr=0.1, ema=0.99),
    "accumulated": dict(batch_size=32, accumulate=2, lr=0.1, schedule="onecycle", label_smoothing=0.1, ema=0.998),
    "adam": dict(batch_size=64, lr=0.002, optimizer="adam", weight_decay=1e-4, ema=0.99),
}
QUICK_TEST = 1000  # test images after each epoch
STEPS = 160  # of the comparison step by step: two epochs
AT = (1, 2, 10, 30, 100, 160)

# --- data --------------------------------------------------------------------------------------------------


def read_safetensors(path):
    content = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + size])
    kinds = {"F32": torch.float32, "I64": torch.int64}
    return {name: torch.frombuffer(bytearray(content[8 + size + e["data_offsets"][0]:8 + size + e["data_offsets"][1]]),
                                   dtype=kinds[e["dtype"]]).reshape(e["shape"])
            for name, e in header.items() if name != "__metadata__"}


def read_cifar(path, count=None):
    """Images as bytes (n, 3, 32, 32), and labels."""
    records = torch.frombuffer(bytearray(pathlib.Path(path).read_bytes()), dtype=torch.uint8).reshape(-1, 3073)[:count]
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].long()


def replayed(path, epochs, images, batch_size):
    """Batch by batch what the library trained with."""
    x, y = read_cifar(path)
    for first in range(0, epochs * images, images):
        for k in range(first, first + images, batch_size):
            last = min(k + batch_size, first + images)
            yield normalised(x[k:last]), y[k:last]


def own_pipeline(data, epochs, batch_size, generator):
    """torchvision's RandomCrop(32, padding=4), RandomHorizontalFlip, ToTensor, Normalize, and DataLoader's shuffling."""
    images, labels = data
    padded = F.pad(images, (4, 4, 4, 4))
    mean, std = (torch.tensor(v).reshape(3, 1, 1) for v in (MEAN, STD))
    for _ in range(epochs):
        for batch in torch.randperm(len(images), generator=generator).split(batch_size):
            crops = []
            for i in batch:
                dy, dx, flip = (int(torch.randint(n, (), generator=generator)) for n in (9, 9, 2))
                crop = padded[i, :, dy:dy + 32, dx:dx + 32]
                crops.append(crop.flip(-1) if flip else crop)
            yield (torch.stack(crops).float() / 255 - mean) / std, labels[batch]


# --- training in PyTorch -----------------------------------------------------------------------------------


def torchvision_initialised(seed):
    torch.manual_seed(seed)
    net = ResNet(WIDTH)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return net


@torch.no_grad()
def accuracy(net, data, state=None):
    if state is not None:
        net = type(net)(WIDTH)
        net.load_state_dict(state)
    net.eval()
    right = sum(int((net(normalised(x).to(memory_format=torch.channels_last)).argmax(1) == y).sum())
                for x, y in zip(data[0].split(250), data[1].split(250)))
    net.train()
    return right / len(data[1])


def train(net, recipe, batches, images, epochs, test, quick_test, decays):
    """What the library's program reports, with one averaged accuracy for each decay."""
    net = net.to(memory_format=torch.channels_last)
    steps = epochs * -(-images // recipe["batch_size"])
    training = Training(net, recipe, steps, decays)
    result, right = {"loss": [], "train": [], "quick": []}, 0
    for x, y in batches:
        loss, hits = training.step(x.to(memory_format=torch.channels_last), y)
        result["loss"].append(loss)
        right += hits
        if len(result["loss"]) % (steps // epochs) == 0:
            result["train"].append(right / images)
            result["quick"].append(accuracy(net, quick_test))
            right = 0
    assert len(result["loss"]) == steps
    result["test"] = accuracy(net, test)
    result["test_averaged"] = {decay: accuracy(net, test, state) for decay, state in training.averages.items()}
    return result


# --- step by step ------------------------------------------------------------------------------------------


def steps_of(weights, recipe, batches, steps, dtype=torch.float32, memory_format=torch.contiguous_format, nudge=False):
    """The losses of the first batches. `nudge` moves every weight by about its last bit, up or down."""
    net = ResNet(WIDTH)
    net.load_state_dict(weights)
    if nudge:
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for p in net.parameters():
                p *= 1 + 2.0**-23 * (2 * torch.randint(2, p.shape, generator=generator) - 1)
    training = Training(net.to(dtype).to(memory_format=memory_format), recipe, steps)
    return [training.step(x.to(dtype).to(memory_format=memory_format), y)[0]
            for _, (x, y) in zip(range(STEPS), batches())]


def compare_steps(ours, folder, recipe, images, epochs):
    def batches():
        return replayed(folder / "batches.bin", epochs, images, recipe["batch_size"])
    weights = read_safetensors(folder / "initial.safetensors")
    total = len(ours["loss"])
    exact = steps_of(weights, recipe, batches, total, torch.float64)
    found = {"ours": ours["loss"][:STEPS],
             "PyTorch": steps_of(weights, recipe, batches, total),
             "PyTorch, channels_last": steps_of(weights, recipe, batches, total, memory_format=torch.channels_last),
             "PyTorch, last bits of the weights changed": steps_of(weights, recipe, batches, total, nudge=True)}
    return {name: [abs(f - e) / e for f, e in zip(losses, exact)] for name, losses in found.items()}


# --- all runs ----------------------------------------------------------------------------------------------


def finished(path, make):
    """What `path` holds, or what make() returns, which is then written there."""
    if not path.exists():
        result = make()
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(result))
        partial.rename(path)
    return json.loads(path.read_text())


def run_ours(options, name, recipe, seed, folder):
    flags = [str(w) for key, value in recipe.items() for w in (f"--{key.replace('_', '-')}", value)]
    subprocess.run([options.program, "--train", options.train, "--test", options.test, "--out", folder, "--seed", str(seed),
                    "--images", str(options.images), "--test-images", str(options.test_images), "--quick-test", str(QUICK_TEST),
                    "--epochs", str(options.epochs), *flags], check=True)


def all_runs(options):
    """recipe, seed -> the results of ours, of the replay and of PyTorch's own run; and the steps of the first seed."""
    results, steps = {}, {}
    test = read_cifar(options.test, options.test_images)
    quick_test = tuple(t[:QUICK_TEST] for t in test)
    data = read_cifar(options.train, options.images)
    for seed in options.seeds:
        for name in options.recipes:
            recipe = DEFAULTS | RECIPES[name]
            folder = options.out / f"{name}-{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / "result.json").exists():
                run_ours(options, name, recipe, seed, folder)
            ours = json.loads((folder / "result.json").read_text())
            if seed == options.seeds[0]:
                steps[name] = finished(folder / "steps.json", lambda: compare_steps(
                    ours, folder, recipe, options.images, options.epochs))
            if options.steps_only:
                continue

            def replay():
                net = ResNet(WIDTH)
                net.load_state_dict(read_safetensors(folder / "initial.safetensors"))
                batches = replayed(folder / "batches.bin", options.epochs, options.images, recipe["batch_size"])
                result = train(net, recipe, batches, options.images, options.epochs, test, quick_test, [recipe["ema"]])
                for key, file in (("test", "final"), ("test_averaged", "averaged")):
                    result["our_" + key] = accuracy(net, test, read_safetensors(folder / f"{file}.safetensors"))
                return result

            def own():
                generator = torch.Generator().manual_seed(seed)
                batches = own_pipeline(data, options.epochs, recipe["batch_size"], generator)
                return train(torchvision_initialised(seed), recipe, batches, options.images, options.epochs, test,
                             quick_test, sorted({recipe["ema"], 0.9, 0.98, 0.998}))

            results[name, seed] = {"ours": ours, "own": finished(folder / "own.json", own),
                                   "replay": finished(folder / "replay.json", replay)}
            (folder / "batches.bin").unlink(missing_ok=True)  # all else is small
            print(name, seed, *(f"{who} {100 * r['test']:.2f} %" for who, r in results[name, seed].items()), flush=True)
    return results, steps


def print_steps(steps):
    for recipe, errors in steps.items():
        print(f"\n{recipe}: relative difference of the loss from PyTorch's in double\n\n| step | " + " | ".join(map(str, AT)) + " |")
        for who, values in errors.items():
            print(f"| {who} | " + " | ".join(f"{values[step - 1]:.0e}" for step in AT if step <= len(values)) + " |")


def mean_and_deviation(percents):
    deviation = f" ± {statistics.stdev(percents):.1f}" if len(percents) > 1 else ""
    return f"{statistics.mean(percents):.1f}{deviation}"


def print_accuracies(results):
    """In percent: mean and standard deviation over the seeds, and the loss of the last epoch."""
    for recipe in dict.fromkeys(name for name, _ in results):
        runs = [run for (name, _), run in results.items() if name == recipe]
        decay = str(RECIPES[recipe]["ema"])
        last = len(runs[0]["ours"]["loss"]) // len(runs[0]["ours"]["train"])
        print(f"\n{recipe}: mean and standard deviation over {len(runs)} seeds")
        for who in ("ours", "replay", "own"):
            columns = {
                "test %": [100 * run[who]["test"] for run in runs],
                "averaged %": [100 * (run[who]["test_averaged"] if who == "ours" else run[who]["test_averaged"][decay])
                               for run in runs],
                "training %, last epoch": [100 * run[who]["train"][-1] for run in runs],
                "100 · loss, last epoch": [100 * statistics.mean(run[who]["loss"][-last:]) for run in runs]}
            print(f"  {who}: " + "; ".join(f"{name} {mean_and_deviation(values)}" for name, values in columns.items()))
        for decay in runs[0]["own"]["test_averaged"]:
            values = [100 * run["own"]["test_averaged"][decay] for run in runs]
            print(f"  own, average with decay {decay}: {mean_and_deviation(values)}")
        same = all(run["replay"]["our_" + key] == run["ours"][key] for run in runs for key in ("test", "test_averaged"))
        print("  PyTorch finds our networks' test accuracies " + ("the same to the image" if same else "different"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default="build/release/bench/learning/learning")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="the folder of CIFAR-10's binary files")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--test-images", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--steps-only", action="store_true", help="only the comparison step by step")
    options = parser.parse_args()
    options.train, options.test = options.data / "data_batch_1.bin", options.data / "test_batch.bin"
    torch.set_num_threads(1)
    results, steps = all_runs(options)
    print_steps(steps)
    print_accuracies(results)


if __name__ == "__main__":
    main()
