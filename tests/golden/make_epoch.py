#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two epochs of training a tiny ResNet-18 with PyTorch, for test_epoch.cpp. The same training, on real images and for longer,
is what bench/learning compares.

    python3 tests/golden/make_epoch.py   takes some seconds
"""
import torch
import torch.nn.functional as F

from make_golden import F64, ResNet, filled, labels_of, words, write

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
DEFAULTS = dict(optimizer="sgd", schedule="cosine", accumulate=1, label_smoothing=0.0, weight_decay=5e-4)


def normalised(images, dtype=torch.float32):
    """Of bytes (n, 3, h, w), as the library does it: in double, then rounded to float once."""
    mean, std = (torch.tensor(v, dtype=F64).reshape(3, 1, 1) for v in (MEAN, STD))
    return ((images.double() / 255 - mean) / std).float().to(dtype)


def learning_rates(optimizer, recipe, steps):
    lr = torch.optim.lr_scheduler
    if recipe["schedule"] == "onecycle":
        schedule = lr.OneCycleLR(optimizer, max_lr=recipe["lr"], total_steps=steps, cycle_momentum=False)
    else:
        schedule = lr.CosineAnnealingLR(optimizer, T_max=steps)
    rates = []
    for step in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()  # without gradients: only so that the schedule doesn't complain
        if step + 1 < steps:
            schedule.step()
    return rates


class Training:
    """A run of `steps` batches with a recipe: DEFAULTS and what differs. SGD has Nesterov momentum 0.9; weight decay is for
    weights of convolutions and linear layers. `averages` maps decays to moving averages of the state_dict."""

    def __init__(self, net, recipe, steps, decays=()):
        self.net, self.recipe, self.batches, self.updates = net, recipe, 0, 0
        groups = [{"params": [p for p in net.parameters() if p.dim() > 1], "weight_decay": recipe["weight_decay"]},
                  {"params": [p for p in net.parameters() if p.dim() == 1], "weight_decay": 0}]
        if recipe["optimizer"] == "adam":
            self.optimizer = torch.optim.Adam(groups, lr=recipe["lr"])
        else:
            self.optimizer = torch.optim.SGD(groups, lr=recipe["lr"], momentum=0.9, nesterov=True)
        self.rates = learning_rates(self.optimizer, recipe, steps)
        self.averages = {decay: {name: value.clone() for name, value in net.state_dict().items()} for decay in decays}

    def step(self, images, labels):
        """Loss and number of right predictions before the step. The rate of an update is that of its first batch."""
        accumulate = self.recipe["accumulate"]
        if self.batches % accumulate == 0:
            for group in self.optimizer.param_groups:
                group["lr"] = self.rates[self.batches]
            self.optimizer.zero_grad()
        logits = self.net(images)
        loss = F.cross_entropy(logits, labels, label_smoothing=self.recipe["label_smoothing"])
        (loss / accumulate).backward()
        self.batches += 1
        if self.batches % accumulate == 0:
            self.optimizer.step()
            self.average()
        return loss.item(), int((logits.argmax(1) == labels).sum())

    @torch.no_grad()
    def average(self):
        for decay, average in self.averages.items():
            keep = min(decay, (1 + self.updates) / (10 + self.updates))
            for name, now in self.net.state_dict().items():
                if now.is_floating_point():
                    average[name].lerp_(now, 1 - keep)
                else:
                    average[name].copy_(now)
        self.updates += 1


# --- the golden file ---------------------------------------------------------------------------------------

WIDTH, SIZE, PADDING, IMAGES, BATCH, EPOCHS, EMA = 4, 8, 2, 323, 8, 2, 0.9  # 41 batches, the last of 3 images
RECIPES = {  # with accumulation a group begins in one epoch and ends in the next
    "sgd": dict(lr=0.005, accumulate=2, schedule="onecycle", label_smoothing=0.1),
    "adam": dict(lr=0.002, optimizer="adam"),
}


def training_images():
    """Noise over a pattern of its class, cropped and flipped: bytes (n, 3, 8, 8), and labels."""
    def bytes_of(name, bits, *dims):
        return torch.from_numpy((words(name, int(torch.tensor(dims).prod())) >> (32 - bits)).astype("uint8")).reshape(dims)

    labels = labels_of("epoch.labels", IMAGES, 10)
    images = bytes_of("epoch.noise", 6, IMAGES, 3, SIZE, SIZE) + bytes_of("epoch.patterns", 7, 10, 3, SIZE, SIZE)[labels]
    padded = F.pad(images, (PADDING,) * 4)
    choices = torch.from_numpy(words("epoch.crops", 3 * IMAGES).astype("int64")).reshape(IMAGES, 3)
    crops = []
    for i, (a, b, c) in enumerate(choices.tolist()):
        dy, dx = a % (2 * PADDING + 1), b % (2 * PADDING + 1)
        crop = padded[i, :, dy:dy + SIZE, dx:dx + SIZE]
        crops.append(crop.flip(-1) if c >> 31 else crop)
    return torch.stack(crops), labels


def epochs(recipe, images, labels, dtype=F64, nudge=0):
    """Losses, hits, and the norms of what is in the state_dict and in its average. `nudge` changes last bits of the weights."""
    net = filled(ResNet(WIDTH), dtype=dtype)
    if nudge:
        generator = torch.Generator().manual_seed(nudge)
        with torch.no_grad():
            for p in net.parameters():
                p *= 1 + 2.0**-23 * (2 * torch.randint(2, p.shape, generator=generator) - 1)
    recipe = DEFAULTS | recipe
    training = Training(net, recipe, EPOCHS * -(-IMAGES // BATCH), [EMA])
    losses, hits = zip(*(training.step(normalised(x, dtype), y) for _ in range(EPOCHS)
                         for x, y in zip(images.split(BATCH), labels.split(BATCH))))

    def norms(state):
        return torch.stack([value.double().norm() for value in state.values() if value.is_floating_point()])

    return {"losses": torch.tensor(losses, dtype=F64), "hits": torch.tensor(hits), "norms": norms(net.state_dict()),
            "averaged_norms": norms(training.averages[EMA])}


def main():
    torch.set_num_threads(1)
    images, labels = training_images()
    results = {"images": images, "labels": labels}
    for name, recipe in RECIPES.items():
        exact = epochs(recipe, images, labels)
        results.update({f"{name}/{key}": value for key, value in exact.items()})
        losses = exact["losses"]
        print(f"{name}: losses {losses[0]:.3f} to {losses[-10:].mean():.3f}, {int(exact['hits'].sum())} right; relative differences at steps 1, 10, 40, 82, mean:")
        for kind, nudge, dtype in (("float32", 0, torch.float32), ("float32, weights' last bits changed", 1, torch.float32),
                                   ("float64, weights changed by 2^-23", 1, F64)):
            found = epochs(recipe, images, labels, dtype, nudge)["losses"]
            errors = (found - losses).abs() / losses
            print(f"  {kind}: " + " ".join(f"{errors[i]:.1e}" for i in (0, 9, 39, 81)) + f" {errors.mean():.1e}; of the mean loss {found.mean() / losses.mean() - 1:.1e}")
    write("epoch.safetensors", results)


if __name__ == "__main__":
    main()
