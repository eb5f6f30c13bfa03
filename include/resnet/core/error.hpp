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

/// A number that has to be finite is not: a loss, or a value to be written to a file. Nothing has changed.
class DivergedError : public Error {
 public:
  using Error::Error;
};

}  // namespace resnet
