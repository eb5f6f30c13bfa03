// SPDX-License-Identifier: MIT
// Shapes, memory and one layer: what the rest of the library is made of.
#include <resnet/resnet18.hpp>
#include <resnet/summary.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <iostream>
#include <vector>

using namespace resnet;

// Channels, height and width of an image are part of a type; how many images there are is not.
constexpr Shape image{3, 32, 32};
using Conv = Conv2d<3, 16, 3, 2>;  // 3 channels in, 16 out, a 3×3 window that moves by 2 pixels
constexpr Shape feature_map = Conv::out(image);

// So the compiler knows what fits together, and what a network costs.
static_assert(feature_map == Shape{16, 16, 16});
static_assert(parameter_count<ResNet18<10>> == 11'173'962);
static_assert(forward_macs<ResNet18<10>, image>() == 555'422'720);

int main() {
  // The Context owns the memory of activations and knows how many threads to use.
  Context<Cpu> ctx;

  // A Batch is a handle on that memory: n images in the order (n, h, w, c).
  Batch<image, Cpu> x = ctx.make<image>(2);
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i % 7) - 3;
  fmt::print("x: {} images of {} values\n", x.n(), image.size());

  // A layer is a plain struct; its members are its parameters.
  Conv layer;
  Cpu::fill(layer.weight.size(), 0.1f, layer.weight.data());
  for_each_parameter(
      [](std::string_view name, Role, auto& tensor) {
        fmt::print("parameter {}: {} = {} values\n", name, fmt::join(tensor.dims(), " x "), tensor.size());
      },
      layer);

  // infer is for evaluation and changes nothing; forward also keeps what backward is going to need.
  const Batch<feature_map, Cpu> inferred = layer.infer(ctx, x);
  Conv::Saved<image> saved;
  const Batch<feature_map, Cpu> y = layer.forward(ctx, x, saved);
  fmt::print("y[0] = {:.3f} from infer, {:.3f} from forward\n", inferred.data()[0], y.data()[0]);

  // backward takes the gradient of some loss with respect to y (here that of the sum of all y: ones), adds
  // the gradient of the parameters to a second value of the layer's type, and returns that of x.
  Batch<feature_map, Cpu> dy = ctx.make<feature_map>(2);
  Cpu::fill(dy.size(), 1, dy.data());
  Conv grad;
  const Batch<image, Cpu> dx = layer.backward(ctx, dy, saved, grad);
  fmt::print("dx[0] = {:.3f}, dweight[0] = {:.3f}\n\n", dx.data()[0], grad.weight.data()[0]);

  // A whole network is a layer too.
  print_summary<ResNet18<10>, image>(std::cout, 128);
}
