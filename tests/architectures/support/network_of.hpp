// SPDX-License-Identifier: MIT
// Stands in for the header of that name in examples/: what examples/architectures/*.cpp register is then known to the
// tests of this folder, as a recorded program. (Not as a Frozen: with the kernels each would take ten times as long to
// compile.)
#pragma once

#include <resnet/backend/plan/cost.hpp>
#include <resnet/program/fuse.hpp>
#include <resnet/program/record.hpp>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/values.hpp"

namespace test {

struct Architecture {
  std::string title;
  resnet::Shape image;
  int classes;
  long long macs;
  resnet::program::Program (*program)();  // of a network with random parameters and statistics
};

inline std::vector<Architecture>& architectures() {
  static std::vector<Architecture> all;
  return all;
}

template <class Net>
resnet::program::Program random_program() {
  const auto net = std::make_unique<Net>();
  randomize(*net);
  auto program = resnet::program::record<resnet::Shape{3, 32, 32}>(*net);
  resnet::program::fuse(program);
  return program;
}

}  // namespace test

template <class Net>
bool register_network(const std::string&, const std::string& title) {
  constexpr resnet::Shape image{3, 32, 32};
  test::architectures().push_back(
      {title, image, Net::out(image).c, resnet::forward_macs<Net, image>(), &test::random_program<Net>});
  return true;
}
