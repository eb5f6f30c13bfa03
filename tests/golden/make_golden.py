#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the golden files of this folder with PyTorch; README.md says what each of them holds.

    python3 tests/golden/make_golden.py            writes all files, in about 10 seconds
    python3 tests/golden/make_golden.py --search   looks for inputs that keep away from the kink of ReLU

Weights and inputs come from integer arithmetic that formula.hpp repeats, so only results are stored.
"""
import copy
import json
import pathlib
import struct
import sys
import warnings

import numpy
import torch
import torch.nn.functional as F
from torch import nn

FOLDER = pathlib.Path(__file__).parent
F64 = torch.float64
SAMPLES = 256  # elements kept of a tensor that is too large to store

# --- the formula ---------------------------------------------------------------------------------------


def fnv1a(name):
    h = 2166136261
    for byte in name.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return numpy.uint32(h)


def mix(u):
    """The finalizer of MurmurHash3; unsigned arrays wrap."""
    u = (u ^ (u >> 16)) * numpy.uint32(0x85EBCA6B)
    u = (u ^ (u >> 13)) * numpy.uint32(0xC2B2AE35)
    return u ^ (u >> 16)


def words(name, count):
    return mix(mix(numpy.arange(count, dtype=numpy.uint32)) ^ fnv1a(name))


def unit(name, *dims):
    """Multiples of 2^-21 in [-1, 1): exact in float32, also after the scales and shifts below."""
    integers = (words(name, numpy.prod(dims, dtype=int)) >> 10).astype(numpy.int64) - (1 << 21)
    return torch.from_numpy(integers * 2.0**-21).reshape(dims)


def labels_of(name, n, classes):
    return torch.from_numpy((words(name, n) % numpy.uint32(classes)).astype(numpy.int64))


def near_kaiming(fan_in):
    """The largest power of two whose square is at most 6 / fan_in: the bound of Kaiming's uniform form."""
    exponent = 0
    while 6 * 4**exponent < fan_in:
        exponent += 1
    return 2.0**-exponent


def parameter(name, shape):
    kind = name.rsplit(".", 1)[-1]
    if kind == "running_mean":
        return unit(name, *shape) / 4
    if kind == "running_var" or (kind == "weight" and len(shape) == 1):
        return 1 + unit(name, *shape) / 2
    if kind == "bias":
        return unit(name, *shape) / 4
    return unit(name, *shape) * near_kaiming(int(numpy.prod(shape[1:])))


def sample_of(name, tensor):
    flat = tensor.detach().reshape(-1)
    if flat.numel() <= SAMPLES:
        return flat
    return flat[torch.from_numpy((words(name + ".sample", SAMPLES) % numpy.uint32(flat.numel())).astype(int))]


# --- the network, named as in torchvision --------------------------------------------------------------


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.downsample(x))


class Bottleneck(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        inner = outputs // 4
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.downsample = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class ResNet(nn.Module):
    def __init__(self, width, block=BasicBlock, depths=(2, 2, 2, 2), classes=10, imagenet=False):
        super().__init__()
        kernel, stride = (7, 2) if imagenet else (3, 1)
        self.conv1 = nn.Conv2d(3, width, kernel, stride, kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1) if imagenet else nn.Identity()
        inputs = width
        for stage, depth in enumerate(depths):
            outputs = (width << stage) * (4 if block is Bottleneck else 1)
            blocks = [block(inputs, outputs, 1 if stage == 0 else 2)]
            blocks += [block(outputs, outputs, 1) for _ in range(depth - 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            inputs = outputs
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def filled(module, prefix="", dtype=F64):
    """`module` with every parameter and buffer from the formula; the batch counter starts at 0."""
    values = {name: parameter(prefix + name, tensor.shape) if tensor.is_floating_point() else tensor
              for name, tensor in module.state_dict().items()}
    module.load_state_dict(values)
    return module.to(dtype)


# --- files ---------------------------------------------------------------------------------------------


def write(file, tensors, **metadata):
    kinds = {F64: "F64", torch.float32: "F32", torch.int64: "I64", torch.uint8: "U8"}
    header, data = {"__metadata__": {"torch": torch.__version__, **metadata}}, []
    offset = 0
    for name, tensor in sorted(tensors.items()):
        data.append(tensor.detach().contiguous().numpy().tobytes())
        header[name] = {"dtype": kinds[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + len(data[-1])]}
        offset += len(data[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (FOLDER / file).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))
    print(f"{file}: {len(tensors)} tensors, {8 + len(text) + offset} bytes")


def relative_error(found, expected):
    return float((found.detach().double() - expected).norm() / expected.norm())


# --- networks ------------------------------------------------------------------------------------------

# A rounding error that carries one pre-activation across zero switches a ReLU. That moves a gradient by more
# than its tolerance, and training amplifies it: with arbitrary inputs PyTorch's own float32 differed from its
# float64 by up to 0.08 in one of ten losses. So these inputs, found with --search, keep every pre-activation
# at least 5e-6 of its layer's RMS away from zero, and 1.9e-5 in the ten steps.
INPUTS = {"narrow": 155, "full": 19, "imagenet": 161, "resnet34": 87, "resnet50": 162}
STEP_INPUTS = [155, 171, 143, 61, 195, 35, 69, 152, 9, 44]


def image(index, n, size):
    return unit(f"input.{index}", n, 3, size, size)


def network(key, dtype=F64):
    """The network, its input and its labels."""
    net, n, size = {
        "narrow": lambda: (ResNet(8), 4, 32),
        "full": lambda: (ResNet(64), 1, 32),
        "imagenet": lambda: (ResNet(8, imagenet=True), 3, 64),
        "resnet34": lambda: (ResNet(4, BasicBlock, (3, 4, 6, 3)), 4, 32),
        "resnet50": lambda: (ResNet(4, Bottleneck, (3, 4, 6, 3)), 4, 32),
    }[key]()
    net = filled(net, dtype=dtype)
    return net, image(INPUTS[key], n, size).to(dtype), labels_of("labels", n, 10)


def farthest_from_zero(net, n, size, taken=()):
    """The input of 200 that keeps all pre-activations farthest from zero, relative to their layer's RMS, and the
    two largest values of a max-pooling's windows from each other where they don't overlap (after a ReLU)."""
    nearest, distances, state = [], {}, copy.deepcopy(net.state_dict())

    def hook(module, inputs):
        x = inputs[0]
        distance = x
        if isinstance(module, nn.MaxPool2d):
            if module.kernel_size != module.stride:
                return
            windows = F.unfold(x.flatten(0, 1).unsqueeze(1), module.kernel_size, stride=module.stride)
            first, second = windows.topk(2, dim=1).values.unbind(1)
            distance = torch.where(first > 0, first - second, first.max())
        nearest.append(float(distance.abs().min() / x.square().mean().sqrt()))

    hooks = [module.register_forward_pre_hook(hook)
             for module in net.modules() if isinstance(module, (nn.ReLU, nn.MaxPool2d))]
    with torch.no_grad():
        for index in set(range(200)).difference(taken):
            nearest.clear()
            net(image(index, n, size))
            distances[index] = min(nearest)
    for hook in hooks:
        hook.remove()
    net.load_state_dict(state)
    best = max(distances, key=distances.get)
    median = sorted(distances.values())[len(distances) // 2]
    print(f"  input {best} keeps {distances[best]:.1e} from zero, the median one {median:.1e}")
    return best


def search_inputs():
    for key in INPUTS:
        net, x, _ = network(key)
        print(key, farthest_from_zero(net, len(x), x.shape[-1]))
    STEP_INPUTS.clear()
    ten_steps(F64, search=True)
    print("steps", STEP_INPUTS)


def forward_backward(key, dtype=F64):
    """Everything that one training pass gives, by name."""
    net, x, labels = network(key, dtype)
    return {"input": torch.tensor(INPUTS[key])} | training_pass(net, x, labels)


def training_pass(net, x, labels):
    x.requires_grad_()
    logits = net(x)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    results = {"labels": labels, "logits": logits, "loss": loss}
    results["grad/input"] = x.grad
    for name, p in net.named_parameters():
        weight = net.get_parameter(name.replace(".bias", ".weight")).grad.norm()
        if p.grad.norm() < 1e-10 * weight:  # a bias before BatchNorm: what rounding leaves of 0
            results["zero_grad/" + name] = weight
        else:
            results["grad/" + name] = p.grad
    results.update({"state/" + name: b.clone() for name, b in net.named_buffers()})
    with torch.no_grad():
        results["logits_eval"] = net.eval()(x)
    return results


def report_float32(found, expected):
    """How far PyTorch's own float32 is from its float64: what a float implementation may hope for."""
    errors = {name: relative_error(found[name], expected[name]) for name in expected
              if name.startswith(("logits", "grad/"))}
    logits = errors.pop("logits")
    worst = max(errors, key=errors.get)
    print(f"  torch float32 against float64: logits {logits:.1e}, worst {worst} {errors[worst]:.1e}")


def other_losses(logits, labels):
    """Label smoothing and soft targets on the same logits, with the gradients with respect to the logits."""
    rows = torch.arange(len(labels))
    soft = torch.zeros_like(logits)  # a mixture of three classes with weights that are exact in binary
    for shift, weight in ((0, 0.625), (1, 0.25), (5, 0.125)):
        soft[rows, (labels + shift) % 10] = weight
    results = {"soft_targets": soft}
    for name, target, smoothing in (("hard", labels, 0.0), ("smooth", labels, 0.1), ("soft", soft, 0.0)):
        leaf = logits.detach().clone().requires_grad_()
        loss = F.cross_entropy(leaf, target, label_smoothing=smoothing)
        loss.backward()
        results.update({"loss/" + name: loss, "dlogits/" + name: leaf.grad})
    return results


def ten_steps(dtype, search=False):
    """SGD with momentum 0.9, lr 0.01 and weight decay 5e-4 on the weights of conv and linear only."""
    net, x, _ = network("narrow", dtype)
    n, size = len(x), x.shape[-1]
    decayed = [p for p in net.parameters() if p.dim() > 1]
    rest = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": rest}]
    optimizer = torch.optim.SGD(groups, lr=0.01, momentum=0.9)
    losses = []
    for step in range(10):
        if search:
            STEP_INPUTS.append(farthest_from_zero(net, n, size, taken=STEP_INPUTS))
        logits = net(image(STEP_INPUTS[step], n, size).to(dtype))
        loss = F.cross_entropy(logits, labels_of(f"labels.step{step}", n, 10))
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.stack(losses), net


def summary(prefix, tensors):
    results = {}
    for name, tensor in tensors:
        results[f"{prefix}norm/{name}"] = tensor.double().norm()
        results[f"{prefix}sample/{name}"] = sample_of(name, tensor)
    return results


def summarised_gradients(results):
    gradients = [(name[5:], results.pop(name)) for name in list(results) if name.startswith("grad/")]
    return results | summary("grad/", gradients)


def write_networks():
    narrow = forward_backward("narrow")
    narrow.update(other_losses(narrow["logits"], narrow["labels"]))
    losses, net = ten_steps(F64)
    narrow["steps/inputs"] = torch.tensor(STEP_INPUTS)
    narrow["steps/losses"] = losses
    narrow["steps/losses_float32"] = ten_steps(torch.float32)[0]
    floats = [(name, tensor) for name, tensor in net.state_dict().items() if tensor.is_floating_point()]
    write("narrow.safetensors", narrow | summary("steps/", floats),
          steps="SGD lr=0.01 momentum=0.9 weight_decay=5e-4 on conv and linear weights only")
    report_float32(forward_backward("narrow", torch.float32), narrow)
    difference = (narrow["steps/losses_float32"].double() - losses).abs().max()
    print(f"  ten losses {losses[0]:.4f} to {losses[-1]:.4f}, float32 differs by at most {difference:.1e}")
    for key in ("full", "imagenet", "resnet34", "resnet50"):
        results = forward_backward(key)
        write(f"{key}.safetensors", summarised_gradients(dict(results)))
        report_float32(forward_backward(key, torch.float32), results)


def write_architecture(networks, full_size):
    """What a file make_<architecture>.py beside this one does when it is run.

    networks: file name -> (a function that makes the network, images, their size, which of the 200 inputs)
    full_size: name in the library -> a function that makes the network, whose parameters are counted

    Each file holds the pass that test_<architecture>.cpp repeats with check_architecture, the names of the
    state_dict in its order, and the counts as count/<name>. With --search, prints the inputs to choose.
    """
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    counts = {}
    for name, make in full_size.items():
        with torch.device("meta"):  # no memory, no initial values
            counts["count/" + name] = sum(p.numel() for p in make().parameters())
        print(f"{name}: {counts['count/' + name]:,} parameters")
    for file, (make, n, size, index) in networks.items():
        net = filled(make())
        if "--search" in sys.argv[1:]:
            print(file)
            farthest_from_zero(net, n, size)
            continue
        names = ",".join(net.state_dict())
        labels = labels_of("labels", n, 10)
        results = training_pass(net, image(index, n, size), labels)
        found = training_pass(filled(make(), dtype=torch.float32), image(index, n, size).float(), labels)
        write(f"{file}.safetensors",
              {"input": torch.tensor(index)} | {name: torch.tensor(count) for name, count in counts.items()}
              | summarised_gradients(dict(results)), names=names)
        report_float32(found, results)


# --- layers --------------------------------------------------------------------------------------------


def pass_through(layer, case, *dims, x=None):
    """y, dx and the gradients of the parameters for the input `case`/x and the output gradient `case`/dy."""
    x = (unit(case + "/x", *dims) if x is None else x).requires_grad_()
    layer.zero_grad()
    y = layer(x)
    y.backward(unit(case + "/dy", *y.shape))
    results = {case + "/y": y, case + "/dx": x.grad}
    results.update({f"{case}/d{name}": p.grad.clone() for name, p in layer.named_parameters()})
    return results


def write_batch_norm():
    layer, results = filled(nn.BatchNorm2d(5), "bn."), {}
    for step, (n, h, w) in enumerate([(2, 3, 1), (1, 7, 5), (3, 1, 1), (1, 1, 2), (4, 8, 3)]):
        case = f"n{n}_h{h}_w{w}"
        results.update(pass_through(layer, case, n, 5, h, w))
        if n * h * w == 2:  # xhat is +-1 whatever x is: dx is what rounding leaves
            del results[case + "/dx"]
        results.update({f"step{step}/{name}": b.clone() for name, b in layer.named_buffers()})
    results["eval/y"] = layer.eval()(unit("eval/x", 2, 5, 3, 3))
    write("batch_norm.safetensors", results)


def write_conv():
    results = {}
    for kernel, stride, padding, bias in [
            (1, 1, 0, 0), (1, 2, 0, 0), (1, 1, 0, 1), (1, 3, 1, 1),
            (2, 1, 0, 0), (2, 2, 0, 1), (2, 2, 1, 0), (2, 3, 1, 1),
            (3, 1, 1, 0), (3, 2, 1, 0), (3, 1, 0, 1), (3, 2, 0, 1), (3, 3, 2, 0), (3, 1, 3, 1),
            (5, 1, 2, 0), (5, 2, 2, 1), (5, 3, 0, 0), (5, 2, 3, 0),
            (7, 2, 3, 0), (7, 1, 3, 1), (7, 3, 1, 1), (7, 1, 0, 0)]:
        case = f"k{kernel}_s{stride}_p{padding}_b{bias}"
        layer = filled(nn.Conv2d(2, 3, kernel, stride, padding, bias=bool(bias)), case + ".")
        results.update(pass_through(layer, case, 2, 2, 9, 8))
    write("conv.safetensors", results)


def write_pooling():
    results = {}
    for h, w in ((8, 8), (7, 5), (9, 6)):
        for kernel, stride, padding in ((3, 2, 1), (2, 2, 0), (3, 1, 1)):
            shape = f"k{kernel}_s{stride}_p{padding}_h{h}_w{w}"
            dims = (2, 3, h, w)
            results.update(pass_through(nn.MaxPool2d(kernel, stride, padding), "max_" + shape, *dims))
            results.update(pass_through(nn.AvgPool2d(kernel, stride, padding), "avg_" + shape, *dims))
            # Of equal maxima PyTorch's first in row order takes the gradient; after a ReLU ties are the rule.
            ties = torch.floor(unit(f"ties_{shape}/x", *dims) * 2)
            results.update(pass_through(nn.MaxPool2d(kernel, stride, padding), "ties_" + shape, x=ties))
    write("pooling.safetensors", results)


# --- optimizers and schedules --------------------------------------------------------------------------

OPTIMIZERS = {
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "sgd_decay": (torch.optim.SGD, dict(lr=0.1, weight_decay=0.05)),
    "sgd_momentum": (torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    "sgd_momentum_decay": (torch.optim.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.05)),
    "sgd_nesterov": (torch.optim.SGD, dict(lr=0.1, momentum=0.9, nesterov=True)),
    "sgd_nesterov_decay": (torch.optim.SGD, dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05)),
    "adam": (torch.optim.Adam, dict(lr=0.01)),
    "adam_decay": (torch.optim.Adam, dict(lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.05)),
    "adamw": (torch.optim.AdamW, dict(lr=0.01)),
    "adamw_decay": (torch.optim.AdamW, dict(lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.05)),
    "rmsprop": (torch.optim.RMSprop, dict(lr=0.01)),
    "rmsprop_decay": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.9, eps=1e-6, weight_decay=0.05)),
    "rmsprop_momentum": (torch.optim.RMSprop, dict(lr=0.01, momentum=0.9)),
    "rmsprop_momentum_decay": (torch.optim.RMSprop, dict(lr=0.01, momentum=0.9, weight_decay=0.05)),
}


def write_optim():
    results, settings = {}, {}
    for name, (kind, options) in OPTIMIZERS.items():
        p = nn.Parameter(unit("parameter", 7))
        optimizer, trajectory = kind([p], **options), []
        for step in range(5):
            p.grad = unit(f"gradient.step{step}", 7)
            optimizer.step()
            trajectory.append(p.detach().clone())
        results[name] = torch.stack(trajectory)
        used = {key: value for key, value in optimizer.defaults.items() if value not in (None, False)}
        settings[name] = " ".join(f"{key}={value}" for key, value in used.items())
    write("optim.safetensors", results, **settings)


def write_schedule():
    """The rate that step i = 0..49 uses; its largest is 0.1."""
    lr = torch.optim.lr_scheduler

    def warmup(optimizer, then):
        first = lr.LinearLR(optimizer, start_factor=1 / 6, total_iters=5)
        return lr.SequentialLR(optimizer, [first, then(optimizer)], milestones=[5])

    schedules = {
        "step": lambda o: lr.StepLR(o, step_size=7, gamma=0.5),
        "step_fifth": lambda o: lr.StepLR(o, step_size=15, gamma=0.2),
        "multi_step": lambda o: lr.MultiStepLR(o, milestones=[10, 25, 40], gamma=0.1),
        "cosine": lambda o: lr.CosineAnnealingLR(o, T_max=50),
        "cosine_min": lambda o: lr.CosineAnnealingLR(o, T_max=50, eta_min=0.001),
        "cosine_restarts": lambda o: lr.CosineAnnealingWarmRestarts(o, T_0=12, eta_min=0.001),
        "cosine_restarts_longer": lambda o: lr.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=2),
        "one_cycle": lambda o: lr.OneCycleLR(o, max_lr=0.1, total_steps=50, cycle_momentum=False),
        "warmup_cosine": lambda o: warmup(o, lambda o: lr.CosineAnnealingLR(o, T_max=45)),
        "warmup_step": lambda o: warmup(o, lambda o: lr.StepLR(o, step_size=15, gamma=0.2)),
    }
    results = {}
    for name, make in schedules.items():
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
        schedule, rates = make(optimizer), []
        for _ in range(50):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if len(rates) < 50:
                schedule.step()
        results[name] = torch.tensor(rates, dtype=F64)
    write("schedule.safetensors", results)


def write_formula():
    """Values of the formula itself, and a first and last element of every parameter of the full network."""
    results = {"unit": unit("unit", 1000), "labels": labels_of("labels", 100, 10)}
    for name, tensor in filled(ResNet(64)).state_dict().items():
        if tensor.is_floating_point():
            results[name] = sample_of(name, tensor)[[0, 1, -2, -1]]
    write("formula.safetensors", results)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # SequentialLR of PyTorch 1.13 warns about its own call of step(epoch)
    torch.set_num_threads(1)  # the same sums in the same order on every machine
    if "--search" in sys.argv[1:]:
        search_inputs()
    else:
        write_formula()
        write_networks()
        write_batch_norm()
        write_conv()
        write_pooling()
        write_optim()
        write_schedule()
