// SPDX-License-Identifier: MIT
// The C++ side of test_safetensors_python.py; skipped unless that calls it.
#include <doctest/doctest.h>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/blocks/basic_block.hpp>
#include <resnet/io/checkpoint.hpp>
#include <resnet/models/resnet.hpp>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/io/models.hpp"

using namespace resnet;

TEST_CASE("interchange" * doctest::skip()) {
  const char *read = std::getenv("RESNET_READ"), *write = std::getenv("RESNET_WRITE");
  REQUIRE(read);
  REQUIRE(write);
  using B = Ref<float>;
  ResNet<BasicBlock, Depths{2, 2, 2, 2}, Form::cifar, 8, 10, B> net;
  Metadata metadata{{"note", "quotes \" and \\, a\nnew line, ü"}};
  if (*read == '\0') {
    fill_with_numbers(net, 1);
  } else {
    load_weights(read, net);
    constexpr Shape image{3, 8, 8};
    Context<B> ctx(1);
    auto x = ctx.make<image>(1);
    for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i * 7919 % 1000) / 500 - 1;
    const auto logits = net.infer(ctx, x);
    std::string& list = metadata["logits"];
    for (std::size_t i = 0; i < logits.size(); ++i) list += (i ? "," : "[") + to_metadata(logits.data()[i]);
    list += "]";
  }
  save_weights(write, net, metadata);
}
