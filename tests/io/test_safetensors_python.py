#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Weights both ways between this library and the Python package safetensors, and PyTorch if it is there.

    python test_safetensors_python.py <source directory> <build directory>

The C++ side is the case "interchange" of the program test_io, which runs only when asked to.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file
except ImportError as error:
    print(f"skipped: {error}; install the Python packages numpy and safetensors")
    sys.exit(77)
try:
    import torch
except ImportError:
    torch = None

source, build = map(pathlib.Path, sys.argv[1:3])


def interchange(read, write):
    """C++ loads `read` (or, if it is empty, fills a model with numbers) and saves it as `write`."""
    environment = {**os.environ, "RESNET_READ": str(read), "RESNET_WRITE": str(write)}
    command = [build / "tests" / "test_io", "--no-skip", "--test-case=interchange"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr


def same(found, expected):
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    for name, want in expected.items():
        got = found[name]
        assert got.shape == want.shape and got.dtype == want.dtype, (name, got.shape, got.dtype, want.shape)
        assert got.tobytes() == numpy.ascontiguousarray(want).tobytes(), name


def numbers(array):
    """The value that the C++ side gives each element: it counts in its own order, OHWI."""
    ohwi = numpy.arange(array.size) % 1000 / 1000 + 1
    if array.ndim == 4:
        o, i, h, w = array.shape
        ohwi = ohwi.reshape(o, h, w, i).transpose(0, 3, 1, 2)
    return ohwi.reshape(array.shape).astype(array.dtype)


with tempfile.TemporaryDirectory() as folder:
    ours, theirs, back = (pathlib.Path(folder) / name for name in ("ours", "theirs", "back"))

    interchange("", ours)
    weights = load_file(ours)
    assert len(weights) == 122, len(weights)
    same(weights, {name: numbers(array) for name, array in weights.items()})
    with safe_open(ours, "numpy") as file:
        metadata = file.metadata()
    assert len(metadata.pop("resnet.xxh64")) == 16 and metadata == {"note": 'quotes " and \\, a\nnew line, ü'}, metadata

    # Python writes the same content in a layout of its own: the checksum stays valid, and is wrong for other content.
    with safe_open(ours, "numpy") as file:
        metadata = file.metadata()
    save_file(weights, theirs, metadata=metadata)
    interchange(theirs, back)
    same(load_file(back), weights)
    save_file({**weights, "fc.bias": weights["fc.bias"] + 1}, theirs, metadata=metadata)
    try:
        interchange(theirs, back)
    except AssertionError as error:
        assert "expected the checksum" in str(error), error
    else:
        raise AssertionError("a changed file with the old checksum was loaded")

    random = numpy.random.default_rng(1)
    weights = {name: random.standard_normal(array.shape).astype(array.dtype) if array.ndim else
               numpy.array(2**40 + 3) for name, array in weights.items()}
    save_file(weights, theirs, metadata={"from": "numpy"})
    interchange(theirs, back)
    same(load_file(back), weights)

    for stored in numpy.float16, numpy.float64:
        narrowed = {name: array.astype(stored) if array.ndim else array for name, array in weights.items()}
        save_file(narrowed, theirs)
        interchange(theirs, back)
        same(load_file(back), {name: array.astype(numpy.float32) if array.ndim else array
                               for name, array in narrowed.items()})
    print("safetensors: passed")

    if torch is None:
        print("load_state_dict was not tried: no PyTorch")
        sys.exit(0)

    sys.dont_write_bytecode = True
    sys.path.insert(0, str(source / "tests" / "golden"))
    from make_golden import ResNet
    from safetensors.torch import load_file, save_file

    net = ResNet(8)
    net.load_state_dict(load_file(ours), strict=True)
    bfloat = {name: value.to(torch.bfloat16) if value.is_floating_point() else value
              for name, value in net.state_dict().items()}
    for value in bfloat.values():
        if value.is_floating_point():
            value += torch.randn_like(value)
    save_file(bfloat, theirs)
    interchange(theirs, back)
    for name, value in load_file(back).items():
        assert torch.equal(value, bfloat[name].to(value.dtype)), name

    # A .pth file is answered with the two lines that convert it, and they do.
    pickled = pathlib.Path(folder) / "weights.pth"
    for zipped in True, False:
        torch.save(net.state_dict(), pickled, _use_new_zipfile_serialization=zipped)
        try:
            interchange(pickled, back)
        except AssertionError as error:
            lines = [line.strip() for line in str(error).splitlines()]
        else:
            raise AssertionError("a .pth file was loaded")
        first = lines.index("import torch, safetensors.torch")
        code = "\n".join(lines[first:first + 2])
        pickled.with_suffix(".safetensors").unlink(missing_ok=True)
        subprocess.run([sys.executable, "-c", code[:code.rindex('")') + 2]], check=True)
        interchange(pickled.with_suffix(".safetensors"), back)
        for name, value in load_file(back).items():
            assert torch.equal(value, net.state_dict()[name]), name

    torch.manual_seed(1)
    net = ResNet(8)
    net(torch.randn(4, 3, 8, 8))  # moves the running statistics
    net.eval()
    save_file({name: value.contiguous() for name, value in net.state_dict().items()}, theirs)
    interchange(theirs, back)
    image = torch.from_numpy((numpy.arange(3 * 8 * 8) * 7919 % 1000 / 500 - 1).astype(numpy.float32))
    expected = net(image.reshape(1, 8, 8, 3).permute(0, 3, 1, 2)).detach().numpy().ravel()
    with safe_open(back, "numpy") as file:
        logits = numpy.array(json.loads(file.metadata()["logits"]))
    error = numpy.linalg.norm(logits - expected) / numpy.linalg.norm(expected)
    assert error < 1e-5, error
    print(f"load_state_dict and back: passed; relative error of the logits {error:.1e}")
