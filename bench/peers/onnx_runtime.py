# SPDX-License-Identifier: MIT
"""ONNX Runtime: inference with all graph optimisations, on a graph with the nodes that an export has."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from common import parse_options, report_seconds, report_version


class Graph:
    """Adds nodes that take and return names of values."""

    def __init__(self):
        self.nodes, self.weights = [], []
        self.random = np.random.default_rng(0)

    def weight(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def add(self, kind, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def conv_bn(self, x, channels_in, channels, kernel, stride):
        shape = (channels, channels_in, kernel, kernel)
        deviation = np.sqrt(2 / (channels_in * kernel * kernel))
        weight = self.weight(self.random.normal(0, deviation, shape))
        x = self.add("Conv", x, weight, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4)
        one, zero = np.ones(channels), np.zeros(channels)
        return self.add("BatchNormalization", x, *map(self.weight, (one, zero, zero, one)))


def resnet18():
    graph = Graph()
    x = graph.add("Relu", graph.conv_bn("images", 3, 64, 3, 1))
    channels_in = 64
    for channels, first_stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        for stride in (first_stride, 1):
            y = graph.add("Relu", graph.conv_bn(x, channels_in, channels, 3, stride))
            y = graph.conv_bn(y, channels, channels, 3, 1)
            shortcut = x if stride == 1 else graph.conv_bn(x, channels_in, channels, 1, stride)
            x = graph.add("Relu", graph.add("Add", y, shortcut))
            channels_in = channels
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    weight = graph.weight(graph.random.normal(0, 0.05, (10, 512)))
    logits = graph.add("Gemm", x, weight, graph.weight(np.zeros(10)), transB=1)
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    body = helper.make_graph(
        graph.nodes, "resnet18", [value("images", ["n", 3, 32, 32])], [value(logits, ["n", 10])], graph.weights
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main():
    options = parse_options()
    report_version(onnxruntime.__version__)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL

    def inference(batch):
        session = onnxruntime.InferenceSession(resnet18(), settings, providers=["CPUExecutionProvider"])
        feed = {"images": np.random.default_rng(1).standard_normal((batch, 3, 32, 32), np.float32)}
        return lambda: session.run(None, feed)

    for batch in (32, 1):
        if (work := f"infer {batch}").startswith(options.only):
            report_seconds(work, "all optimisations", lambda: inference(batch))


if __name__ == "__main__":
    main()
