// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

namespace resnet {

/// What the library throws. The message says what was wrong, where (file, key, layer, index), what was
/// expected and what was found.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace resnet
