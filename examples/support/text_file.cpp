// SPDX-License-Identifier: MIT
#include "text_file.hpp"

#include <resnet/io/atomic_file.hpp>
#include <resnet/io/input_file.hpp>

std::string read_text(const std::string& path) {
  resnet::InputFile file(path);
  std::string text(file.size(), '\0');
  file.read(0, text.data(), text.size());
  return text;
}

void write_text(const std::string& path, const std::string& text) {
  resnet::AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}
