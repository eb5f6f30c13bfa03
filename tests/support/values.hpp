// SPDX-License-Identifier: MIT
// Numbers on the host, in double, and the way to and from a backend's memory.
#pragma once

#include <resnet/core/context.hpp>
#include <resnet/core/random.hpp>
#include <resnet/core/visit.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace test {

using Values = std::vector<double>;

/// Standard normal numbers, rounded to float so that every backend gets the same; `id` names the sequence.
inline Values normal(std::size_t count, std::uint64_t id, double mean = 0) {
  Values values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(mean + resnet::normal_at({4711, id}, i));
  return values;
}

/// Whole numbers from -2 to 2: sums of their products are exact in float up to four million terms.
inline Values integers(std::size_t count, std::uint64_t id) {
  Values values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = std::floor(5 * resnet::uniform_at({4711, id}, i)) - 2;
  return values;
}

/// What an output holds before the operation.
inline Values unwritten(std::size_t count) { return Values(count, std::numeric_limits<double>::quiet_NaN()); }

inline Values absolute(Values values) {
  for (double& x : values) x = std::abs(x);
  return values;
}

inline double dot(const Values& a, const Values& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

template <class... More>
Values join(Values first, const More&... more) {
  (first.insert(first.end(), more.begin(), more.end()), ...);
  return first;
}

/// Rounds to T, the element type of scalars or of activations.
template <class B, class T>
void upload(const Values& values, T* to) {
  std::vector<T> host;
  for (const double value : values) host.push_back(static_cast<T>(value));
  B::upload(host.size(), host.data(), to);
}
template <class B, class T>
Values download(std::size_t size, const T* from) {
  std::vector<T> host(size);
  B::download(size, from, host.data());
  return Values(host.begin(), host.end());
}

/// A batch from (n, h, w, c) values, and the reverse.
template <resnet::Shape S, class B>
resnet::Batch<S, B> batch(resnet::Context<B>& ctx, const Values& values) {
  auto x = ctx.template make<S>(static_cast<int>(values.size() / S.size()));
  upload<B>(values, x.data());
  return x;
}
template <resnet::Shape S, class B, class T>
Values values_of(const resnet::Batch<S, B, T>& x) {
  return download<B>(x.size(), x.data());
}
template <class B>
Values values_of(const resnet::TensorBase<B>& t) {
  return download<B>(t.size(), t.data());
}

/// The memory of an operand on backend B.
template <class B, class T = typename B::Scalar>
class Operand {
 public:
  explicit Operand(const Values& host)
      : size_(host.size()), memory_(B::allocate((size_ * sizeof(T) + sizeof(Scalar) - 1) / sizeof(Scalar))) {
    upload<B>(host, data());
  }
  ~Operand() { B::deallocate(memory_); }
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;

  T* data() { return reinterpret_cast<T*>(memory_); }
  Values values() { return download<B>(size_, data()); }

 private:
  using Scalar = typename B::Scalar;
  std::size_t size_;
  Scalar* memory_;
};

/// Every entry of the state_dict, or the trainable ones only, in one sequence.
template <class Model>
Values state_of(const Model& model) {
  Values all;
  resnet::for_each_state(
      [&](std::string_view, resnet::Role, const auto& value) {
        if constexpr (requires { value.data(); })
          all = join(std::move(all), values_of(value));
        else
          all.push_back(static_cast<double>(value));
      },
      model);
  return all;
}
template <class Model>
Values parameters_of(const Model& model) {
  Values all;
  resnet::for_each_parameter(
      [&](std::string_view, resnet::Role, const auto& value) { all = join(std::move(all), values_of(value)); }, model);
  return all;
}

/// Random parameters and running statistics such that activations stay near 1.
template <class Model>
void randomize(Model& model, std::uint64_t id = 1000) {
  resnet::for_each_state(
      [&](std::string_view name, resnet::Role role, auto& value) {
        if constexpr (requires { value.data(); }) {
          Values numbers = normal(value.size(), id++);
          const double fan_in = static_cast<double>(value.size()) / value.dims()[0];
          const bool variance = name.ends_with("running_var");
          for (double& x : numbers)
            x = role == resnet::Role::scale    ? 1 + 0.25 * x
                : variance                     ? 0.5 + x * x
                : role == resnet::Role::weight ? x * std::sqrt(2 / fan_in)
                                               : 0.5 * x;
          upload<typename Model::Backend>(numbers, value.data());
        }
      },
      model);
}

/// The names of a model's state_dict or of its parameters, in order.
template <class Model>
std::vector<std::string> state_names(const Model& model) {
  std::vector<std::string> names;
  resnet::for_each_state([&](std::string_view name, resnet::Role, const auto&) { names.emplace_back(name); }, model);
  return names;
}

}  // namespace test
