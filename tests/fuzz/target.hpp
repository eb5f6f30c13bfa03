// SPDX-License-Identifier: MIT
// What every fuzz target has: files made of its input, and the contract that whoever reads them has to keep.
//
//   extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
//     const std::string path = fuzz::file("x.safetensors", data, size);
//     fuzz::read_or_refuse([&] { resnet::read_safetensors(path); });
//     return 0;
//   }
#pragma once

#include <resnet/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace fuzz {

/// The last input's error; empty if it was accepted.
inline std::string refusal;

/// Any input is either read or refused with an Error. Everything else that `read` throws ends the program.
template <class Read>
void read_or_refuse(Read&& read) {
  refusal.clear();
  try {
    read();
  } catch (const resnet::Error& e) {
    refusal = e.what();
  }
}

/// Ends the program, as a sanitizer would, for a promise that was broken without a crash.
inline void require(bool kept, const char* promise) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

/// A folder of this process's own, in memory where the system has such a place, and gone at its end.
inline const std::filesystem::path& folder() {
  static const struct Folder {
    std::filesystem::path path;
    Folder() {
      std::string name = std::filesystem::exists("/dev/shm") ? "/dev/shm/fuzz.XXXXXX" : "/tmp/fuzz.XXXXXX";
      require(::mkdtemp(name.data()) != nullptr, "a folder for temporary files can be made");
      path = name;
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  } made;
  return made.path;
}

/// Writes a file and returns its path.
inline std::string file(const std::string& name, const std::uint8_t* data, std::size_t size) {
  const std::string path = folder() / name;
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  return path;
}

inline std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
