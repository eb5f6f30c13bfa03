// SPDX-License-Identifier: MIT
// The bodies of io/input_file.hpp: compiled with the program, or once in resnet::compiled (core/once.hpp).
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/io/input_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

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
