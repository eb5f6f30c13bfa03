// SPDX-License-Identifier: MIT
// Reading a file whose size is known, or bytes in memory that stand for one, with errors that name the file and
// the byte. A directory, a pipe or a device is refused at once; none is waited for.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/once.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <utility>

namespace resnet {

[[noreturn]] RESNET_ONCE void fail_at(const std::string& file, std::uint64_t byte, const std::string& what);

/// The result of f(); running out of memory in it throws Error with the file and what `size` says of it.
template <class Size, class F>
decltype(auto) with_memory_for(const std::string& file, const Size& size, F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    throw Error(file + ": not enough memory for " + size());
  }
}

/// Bytes of known size.
class InputFile {
 public:
  /// Opens the regular file `path`; throws Error.
  explicit InputFile(std::string path);

  /// Stands for a file with this content, which has to outlive it; `name` is for messages.
  InputFile(std::string name, std::span<const std::byte> content)
      : name_(std::move(name)), content_(content), size_(content.size()) {}

  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  /// The result of f(); running out of memory in it throws Error.
  template <class F>
  decltype(auto) with_memory(F&& f) const {
    return with_memory_for(
        name_, [&] { return "its " + std::to_string(size_) + " bytes"; }, f);
  }

  /// Throws Error if the file has fewer than `count` bytes from `offset` on: call it before providing for them.
  void expect(std::uint64_t offset, std::uint64_t count) const;

  /// Reads `count` bytes from `offset` on; throws Error if there are fewer.
  void read(std::uint64_t offset, void* data, std::size_t count) const;

 private:
  [[noreturn]] void fail_short(std::uint64_t end, std::uint64_t missing) const;
  [[noreturn]] void fail(const std::string& what) const;

  std::string name_;
  int fd_ = -1;
  std::span<const std::byte> content_;
  std::uint64_t size_ = 0;
};

}  // namespace resnet

#ifdef RESNET_BODIES

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace resnet {

RESNET_ONCE void fail_at(const std::string& file, std::uint64_t byte, const std::string& what) {
  throw Error(file + ": byte " + std::to_string(byte) + ": " + what);
}

RESNET_ONCE InputFile::InputFile(std::string path) : name_(std::move(path)) {
  fd_ = ::open(name_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);  // a pipe may never have a writer
  if (fd_ < 0) fail("cannot open");
  struct stat status {};
  const bool known = ::fstat(fd_, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    const int reason = errno;
    ::close(fd_);
    errno = reason;
    if (!known) fail("cannot read the file's size");
    throw Error(name_ + ": expected a regular file, found a directory, a pipe or a device");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

RESNET_ONCE InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

RESNET_ONCE void InputFile::expect(std::uint64_t offset, std::uint64_t count) const {
  if (offset > size_ || count > size_ - offset) fail_short(size_, offset + count - size_);
}

RESNET_ONCE void InputFile::read(std::uint64_t offset, void* data, std::size_t count) const {
  expect(offset, count);
  if (fd_ < 0) {
    if (count > 0) std::memcpy(data, content_.data() + offset, count);
    return;
  }
  for (char* next = static_cast<char*>(data); count > 0;) {
    const ssize_t got = ::pread(fd_, next, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("byte " + std::to_string(offset) + ": cannot read");
    if (got == 0) fail_short(offset, count);  // it has become shorter
    next += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::size_t>(got);
  }
}

RESNET_ONCE void InputFile::fail_short(std::uint64_t end, std::uint64_t missing) const {
  fail_at(name_, end, "expected " + std::to_string(missing) + " more bytes, found the end");
}

RESNET_ONCE void InputFile::fail(const std::string& what) const {
  const int reason = errno;
  throw Error(name_ + ": " + what + ": " + std::strerror(reason));
}

}  // namespace resnet

#endif  // RESNET_BODIES
