// SPDX-License-Identifier: MIT
// Ends a run whose validation results no longer improve:
//
//   EarlyStopping stopping{.patience = 10};
//   if (stopping.improved(validation.accuracy())) save_weights(…);
//   if (stopping.stop()) break;
#pragma once

#include <resnet/io/checkpoint.hpp>

#include <limits>
#include <string>

namespace resnet {

struct EarlyStopping {
  int patience = 0;      // results in a row that may bring nothing better; 0: any number
  double min_delta = 0;  // by more than this a result has to be better

  double best = -std::numeric_limits<double>::infinity();
  int since_best = 0;  // results

  /// Whether this result is the best so far; larger is better, NaN never is.
  bool improved(double result) {
    const bool better = result > best + min_delta;
    if (better) best = result;
    since_best = better ? 0 : since_best + 1;
    return better;
  }
  bool stop() const { return patience > 0 && since_best >= patience; }

  /// Adds what has been seen to a checkpoint's metadata.
  void save(Metadata& metadata) const {
    metadata["early_stopping_best"] = to_metadata(best);
    metadata["early_stopping_since_best"] = to_metadata(since_best);
  }
  /// Continues where `save` was called. Throws Error and changes nothing if the metadata have no such state.
  void restore(const std::string& path, const Metadata& metadata) {
    const auto saved_best = from_metadata<double>(path, metadata, "early_stopping_best");
    since_best = from_metadata<int>(path, metadata, "early_stopping_since_best");
    best = saved_best;
  }
};

}  // namespace resnet
