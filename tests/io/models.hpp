// SPDX-License-Identifier: MIT
// Small models with known values, and a backend whose memory the host can't read directly.
#pragma once

#include <resnet/backend/ref/ref.hpp>
#include <resnet/core/visit.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/linear.hpp>

#include <cstdint>
#include <type_traits>
#include <vector>

/// Stands for a device: pointers are off by 2^62, so that whoever follows one crashes.
struct Elsewhere {
  using Scalar = float;
  using Activation = float;
  using Memory = Elsewhere;
  static constexpr bool dry = false;
  static float* there(const float* p) { return moved(p, std::uintptr_t{1} << 62); }
  static float* here(const float* p) { return moved(p, -(std::uintptr_t{1} << 62)); }
  static float* allocate(std::size_t n) { return there(new float[n]); }
  static void deallocate(float* p) {
    if (p) delete[] here(p);
  }
  static void copy(std::size_t n, const float* from, float* to) { std::copy_n(here(from), n, here(to)); }
  static void fill(std::size_t n, float value, float* y) { std::fill_n(here(y), n, value); }
  static void upload(std::size_t n, const float* host, float* y) { std::copy_n(host, n, here(y)); }
  static void download(std::size_t n, const float* x, float* host) { std::copy_n(here(x), n, host); }

 private:
  static float* moved(const float* p, std::uintptr_t by) {
    return reinterpret_cast<float*>(reinterpret_cast<std::uintptr_t>(p) + by);
  }
};

template <class B, int Classes = 3>
struct TinyNet {
  using Backend = B;

  resnet::Conv2d<3, 4, 3, 1, B> conv1;
  resnet::BatchNorm2d<4, B> bn1;
  resnet::Linear<4, Classes, B> fc;

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", self.conv1...);
    f("bn1", self.bn1...);
    f("fc", self.fc...);
  }
};

/// All numbers of a model, in the order of its state_dict.
template <class Model>
std::vector<double> values_of(const Model& model) {
  using B = typename Model::Backend;
  std::vector<double> all;
  resnet::for_each_state(
      [&]<class Value>(std::string_view, resnet::Role, Value& value) {
        if constexpr (std::is_integral_v<Value>) {
          all.push_back(static_cast<double>(value));
        } else {
          std::vector<typename B::Scalar> host(value.size());
          B::download(host.size(), value.data(), host.data());
          all.insert(all.end(), host.begin(), host.end());
        }
      },
      model);
  return all;
}

/// Element i of each tensor becomes start + i / 1000: all of them differ from their neighbours.
template <class Model>
void fill_with_numbers(Model& model, int start) {
  using B = typename Model::Backend;
  resnet::for_each_state(
      [&]<class Value>(std::string_view, resnet::Role, Value& value) {
        if constexpr (std::is_integral_v<Value>) {
          value = start;
        } else {
          std::vector<typename B::Scalar> host(value.size());
          for (std::size_t i = 0; i < host.size(); ++i)
            host[i] = static_cast<typename B::Scalar>(start + static_cast<double>(i % 1000) / 1000);
          B::upload(host.size(), host.data(), value.data());
        }
      },
      model);
}
