// SPDX-License-Identifier: MIT
// A backend that runs nothing until somebody asks for a result, as a GPU may: Ref<float>, as late as possible.
#pragma once

#include <resnet/backend/ref/ref.hpp>

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace test {

struct Deferred : resnet::RefMemory<float> {
  using Memory = Deferred;
  using Reference = resnet::Ref<float>;
  using Host = resnet::RefMemory<float>;
  static constexpr bool deferred = true;

  static inline std::vector<std::function<void()>> begun;
  static inline int waits = 0;  // how often the host waited

  static void wait() {
    ++waits;
    for (const auto& operation : std::exchange(begun, {})) operation();
  }

  static void deallocate(float* p) { wait(), Host::deallocate(p); }
  static void copy(std::size_t n, const auto* from, auto* to) { wait(), Host::copy(n, from, to); }
  template <class T>
  static void fill(std::size_t n, std::type_identity_t<T> value, T* y) {
    wait(), Host::fill(n, value, y);
  }
  static void download(std::size_t n, const auto* x, auto* host) { wait(), Host::download(n, x, host); }
  static void upload(std::size_t n, const auto* host, auto* y) { wait(), Host::upload(n, host, y); }
  template <class T>
  static void upload(resnet::Context<Deferred>&, std::size_t n, const T* host, T* y) {
    begun.push_back([n, values = std::vector<T>(host, host + n), y] { Host::upload(n, values.data(), y); });
  }

  template <class Operation>
  requires requires(resnet::Context<Deferred>& ctx, const Operation& o) { Reference::run(ctx, o); }
  static void run(resnet::Context<Deferred>& ctx, const Operation& o) {
    begun.push_back([&ctx, o] { Reference::run(ctx, o); });
  }
  static int max_threads() { return 1; }
};

static_assert(resnet::Backend<Deferred>);

}  // namespace test
