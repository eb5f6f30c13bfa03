// SPDX-License-Identifier: MIT
// libtorch: the training step in C++, and inference with BatchNorm folded into the convolutions (what
// freezing does), from C++ and as a frozen, optimized TorchScript module. Each contiguous and channels_last.
#include <sys/wait.h>
#include <torch/script.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <memory>

#include "work.hpp"

namespace {

using torch::Tensor;

struct Layout {
  const char* name;
  torch::MemoryFormat format;
};
constexpr Layout layouts[] = {{"contiguous", torch::MemoryFormat::Contiguous},
                              {"channels_last", torch::MemoryFormat::ChannelsLast}};

struct Conv {
  int in_c, out_c, kernel, stride;
};

/// Calls conv(Conv, x), norm_relu… in the order of ResNet-18; `Net` says what a value is and what the
/// operations do.
template <class Net, class Value>
auto resnet18(Net& net, Value x) {
  x = net.relu(net.conv({3, 64, 3, 1}, x));
  int in_c = 64;
  for (const int out_c : {64, 128, 256, 512})
    for (const int block : {0, 1}) {
      const int stride = block == 0 && out_c != 64 ? 2 : 1;
      auto y = net.relu(net.conv({in_c, out_c, 3, stride}, x));
      y = net.conv({out_c, out_c, 3, 1}, y);
      x = net.relu(net.add(y, stride == 1 ? x : net.conv({in_c, out_c, 1, stride}, x)));
      in_c = out_c;
    }
  return net.head(x);
}

Tensor random_weight(const Conv& c, torch::MemoryFormat format) {
  const double deviation = std::sqrt(2.0 / (c.in_c * c.kernel * c.kernel));
  return (torch::randn({c.out_c, c.in_c, c.kernel, c.kernel}) * deviation).contiguous(format);
}

/// Runs at once. With `training` each convolution is followed by BatchNorm, else it has a bias in its place.
struct Eager {
  torch::MemoryFormat format;
  bool training;
  std::vector<Tensor> parameters;  // made by the first run, in the order of use
  std::vector<Tensor> running = {};
  std::size_t next = 0, next_running = 0;

  Tensor operator()(const Tensor& x) {
    next = next_running = 0;
    return resnet18(*this, x);
  }
  template <class Make>
  Tensor parameter(Make&& make) {
    if (next == parameters.size()) parameters.push_back(make().requires_grad_(training));
    return parameters[next++];
  }
  Tensor buffer(const Tensor& initial) {
    if (next_running == running.size()) running.push_back(initial);
    return running[next_running++];
  }

  Tensor conv(const Conv& c, const Tensor& x) {
    const Tensor weight = parameter([&] { return random_weight(c, format); });
    const Tensor scale = training ? parameter([&] { return torch::ones(c.out_c); }) : Tensor();
    const Tensor bias = parameter([&] { return torch::zeros(c.out_c); });
    const Tensor y = torch::conv2d(x, weight, training ? Tensor() : bias, c.stride, c.kernel / 2);
    if (!training) return y;
    const Tensor mean = buffer(torch::zeros(c.out_c)), variance = buffer(torch::ones(c.out_c));
    return torch::batch_norm(y, scale, bias, mean, variance, true, 0.1, 1e-5, false);
  }
  Tensor relu(Tensor x) { return x.relu_(); }
  Tensor add(const Tensor& a, const Tensor& b) { return a + b; }
  Tensor head(const Tensor& x) {
    const Tensor weight = parameter([] { return torch::randn({work::classes, 512}) * 0.05; });
    const Tensor bias = parameter([] { return torch::zeros(work::classes); });
    return torch::linear(x.mean({2, 3}), weight, bias);
  }
};

/// Writes TorchScript: a value is an expression.
struct Script {
  torch::MemoryFormat format;
  torch::jit::Module module{"resnet18"};
  std::string body = "def forward(self, x):\n";
  int values = 0, parameters = 0;

  std::string value(const std::string& expression) {
    const std::string name = "v" + std::to_string(values++);
    body += "  " + name + " = " + expression + "\n";
    return name;
  }
  std::string parameter(const Tensor& tensor) {
    const std::string name = "p" + std::to_string(parameters++);
    module.register_parameter(name, tensor, false);
    return "self." + name;
  }

  std::string conv(const Conv& c, const std::string& x) {
    const std::string weight = parameter(random_weight(c, format)), bias = parameter(torch::zeros(c.out_c)),
                      stride = std::to_string(c.stride), padding = std::to_string(c.kernel / 2);
    return value("torch.conv2d(" + x + ", " + weight + ", " + bias + ", [" + stride + ", " + stride + "], [" + padding +
                 ", " + padding + "])");
  }
  std::string relu(const std::string& x) { return value("torch.relu(" + x + ")"); }
  std::string add(const std::string& a, const std::string& b) { return value("torch.add(" + a + ", " + b + ")"); }
  std::string head(const std::string& x) {
    const std::string weight = parameter(torch::randn({work::classes, 512}) * 0.05);
    const std::string bias = parameter(torch::zeros(work::classes));
    return value("torch.linear(torch.mean(" + x + ", [2, 3]), " + weight + ", " + bias + ")");
  }

  torch::jit::Module compile() {
    body += "  return " + resnet18(*this, std::string("x")) + "\n";
    module.define(body);
    module.eval();
    auto frozen = torch::jit::freeze(module);
    return torch::jit::optimize_for_inference(frozen);
  }
};

Tensor images(int n, torch::MemoryFormat format) {
  return torch::randn({n, 3, work::image_size, work::image_size}).contiguous(format);
}

struct Training {
  explicit Training(torch::MemoryFormat format) : net{format, true, {}}, x(images(work::train_batch, format)) {
    net(x);  // makes the parameters
    optimizer = std::make_unique<torch::optim::SGD>(net.parameters,
                                                    torch::optim::SGDOptions(0.01).momentum(0.9).weight_decay(5e-4));
  }
  void step() {
    optimizer->zero_grad();
    torch::nn::functional::cross_entropy(net(x), labels).backward();
    optimizer->step();
  }

  Eager net;
  Tensor x, labels = torch::randint(work::classes, {work::train_batch}, torch::kLong);
  std::unique_ptr<torch::optim::SGD> optimizer;
};

void infer(const std::string& id, int n, const Layout& layout) {
  const torch::InferenceMode guard;
  const Tensor x = images(n, layout.format);
  Eager net{layout.format, false, {}};
  work::report(id, "seconds", work::seconds_per_call([&] { net(x); }), std::string(layout.name) + ", BatchNorm folded");
}

void infer_script(const std::string& id, int n, const Layout& layout) {
  const torch::NoGradGuard guard;
  const std::vector<c10::IValue> inputs{images(n, layout.format)};
  auto module = Script{layout.format}.compile();
  work::report(id, "seconds", work::seconds_per_call([&] { module.forward(inputs); }),
               std::string(layout.name) + " frozen");
}

/// In a process of its own: the peak is a process's.
void memory(const Layout& layout) {
  if (const pid_t child = fork(); child != 0) {
    waitpid(child, nullptr, 0);
    return;
  }
  Training training(layout.format);
  for (int i = 0; i < 3; ++i) training.step();
  work::report("memory train 128", "bytes", work::peak_resident_bytes(), layout.name);
  std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const work::Options options(argc, argv);
  work::report_version(TORCH_VERSION);
  at::set_num_threads(options.threads);
  for (const Layout& layout : layouts) {
    if (options.wants_memory()) {
      memory(layout);
      continue;
    }
    if (options.wants("train 128")) {
      Training training(layout.format);
      work::report("train 128", "seconds", work::seconds_per_call([&] { training.step(); }), layout.name);
    }
    for (const int n : {32, 1})
      if (const auto id = "infer " + std::to_string(n); options.wants(id)) {
        infer(id, n, layout);
        infer_script(id, n, layout);
      }
  }
  return 0;
}
