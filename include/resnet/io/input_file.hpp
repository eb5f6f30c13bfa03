// SPDX-License-Identifier: MIT
// Reading a file whose size is known, with errors that name the file and the byte.
#pragma once

#include <resnet/core/error.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace resnet {

[[noreturn]] inline void fail_at(const std::string& file, std::uint64_t byte, const std::string& what) {
  throw Error(file + ": byte " + std::to_string(byte) + ": " + what);
}

/// A file opened for reading whose size is known.
class InputFile {
 public:
  explicit InputFile(std::string path) : path_(std::move(path)) {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) fail("cannot open");
    if (!S_ISREG(status.st_mode))
      throw Error(path_ + ": expected a regular file, found a directory or a device");
    file_.reset(std::fopen(path_.c_str(), "rb"));
    if (!file_) fail("cannot open");
    if (::fstat(::fileno(file_.get()), &status) != 0) fail("cannot read the file's size");
    size_ = static_cast<std::uint64_t>(status.st_size);
  }

  std::uint64_t size() const { return size_; }

  /// Reads `count` bytes from `offset` on; throws Error if there are fewer.
  void read(std::uint64_t offset, void* data, std::size_t count) {
    if (count == 0) return;
    if (::fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET) != 0) fail("cannot read");
    const std::size_t got = std::fread(data, 1, count, file_.get());
    if (got != count && std::ferror(file_.get()))
      fail("byte " + std::to_string(offset + got) + ": cannot read");
    if (got != count)
      fail_at(path_, offset + got, "expected " + std::to_string(count - got) + " more bytes, found the end");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    const int reason = errno;
    throw Error(path_ + ": " + what + ": " + std::strerror(reason));
  }

  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
};

}  // namespace resnet
