// SPDX-License-Identifier: MIT
// What training sums up in the backend's memory, so that no step waits for a number on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace resnet {

/// Sums over images.
struct Metrics {
  double loss_sum = 0;
  std::int64_t images = 0, correct = 0;

  void add(double mean_loss, std::span<const int> labels, std::span<const int> predictions) {
    loss_sum += mean_loss * static_cast<double>(labels.size());
    images += static_cast<std::int64_t>(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) correct += labels[i] == predictions[i];
  }
  double loss() const { return images ? loss_sum / static_cast<double>(images) : 0; }
  /// In [0, 1].
  double accuracy() const { return images ? static_cast<double>(correct) / static_cast<double>(images) : 0; }
};

/// op::Count adds to it. Once a loss was not finite it stays as it is, and so does what the operations that are given it
/// would change (`guard` in op/parameters.hpp).
struct Tally {
  Metrics metrics;
  std::int64_t diverged = 0;
};

/// One in the memory of backend B.
template <class B>
class TallyOn {
 public:
  TallyOn() : memory_(B::allocate((sizeof(Tally) + sizeof(Scalar) - 1) / sizeof(Scalar))) { write({}); }
  ~TallyOn() { B::deallocate(memory_); }
  TallyOn(const TallyOn&) = delete;
  TallyOn& operator=(const TallyOn&) = delete;

  Tally* data() { return reinterpret_cast<Tally*>(memory_); }
  /// Waits for all that was begun.
  Tally read() const {
    Tally value;
    B::download(1, reinterpret_cast<const Tally*>(memory_), &value);
    return value;
  }
  void write(const Tally& value) { B::upload(1, &value, data()); }

 private:
  using Scalar = typename B::Scalar;
  Scalar* memory_;
};

}  // namespace resnet
