// SPDX-License-Identifier: MIT
// A file that is replaced as a whole: at any moment, also after a crash or a power cut, its name leads to the
// old content or to the new one, never to a part.
//
// The bytes go to "<path>.tmp" in the same directory, are flushed to the disk and then renamed over the old
// file; rename is atomic only within one file system. The temporary file is locked while it is written, so a
// second writer gets an error, and one left behind by a killed process is taken over by the next writer.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/once.hpp>

#include <cstddef>
#include <string>

namespace resnet {

class AtomicFile {
 public:
  /// Opens the temporary file next to `path`; throws Error if that fails or if somebody else is writing it.
  explicit AtomicFile(const std::string& path);

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Without commit() the old file stays as it was and the temporary one is removed.
  ~AtomicFile() { discard(); }

  /// Appends `size` bytes; throws Error (disk full, file too large, I/O error) with the offset reached.
  void write(const void* data, std::size_t size);

  /// Puts the new content in place. When it returns, the content survives a power cut.
  void commit();

 private:
  static std::string resolved(const std::string& path);

  void open_locked();

  void flush_directory() const;

  void discard() noexcept;

  [[noreturn]] void fail(const std::string& what) const;

  std::string path_, temporary_;
  int fd_ = -1;
  std::size_t offset_ = 0;
};

}  // namespace resnet

#ifdef RESNET_BODIES

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

namespace resnet {

RESNET_ONCE AtomicFile::AtomicFile(const std::string& path) : path_(resolved(path)), temporary_(path_ + ".tmp") {
  struct stat old {};
  const bool exists = ::stat(path_.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode))
    throw Error(path_ + ": expected a regular file to replace, found a directory, a pipe or a device");
  open_locked();
  try {
    if (::ftruncate(fd_, 0) != 0) fail("cannot empty the temporary file");
    if (exists && ::fchmod(fd_, old.st_mode & 07777) != 0) fail("cannot set the permissions");
  } catch (...) {
    discard();
    throw;
  }
}

RESNET_ONCE void AtomicFile::write(const void* data, std::size_t size) {
  if (fd_ < 0) throw Error(path_ + ": written to after commit");
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::write(fd_, next, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail("cannot write at byte " + std::to_string(offset_));
    next += count;
    size -= static_cast<std::size_t>(count);
    offset_ += static_cast<std::size_t>(count);
  }
}

RESNET_ONCE void AtomicFile::commit() {
  if (fd_ < 0) throw Error(path_ + ": committed twice");
  if (::fsync(fd_) != 0) fail("cannot flush to the disk");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot rename the temporary file");
  ::close(std::exchange(fd_, -1));  // after the rename: closing releases the lock on the temporary name
  flush_directory();
}

// A symbolic link stays, and the file it leads to is replaced.
RESNET_ONCE std::string AtomicFile::resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : path;
}

RESNET_ONCE void AtomicFile::open_locked() {
  for (;;) {
    fd_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0666);
    if (fd_ < 0) fail("cannot open the temporary file");
    struct stat opened {
    }, named{};
    if (::fstat(fd_, &opened) == 0 && !S_ISREG(opened.st_mode)) {
      ::close(std::exchange(fd_, -1));  // not discard(): it is no file of ours
      throw Error(temporary_ + ": expected a regular file or none, found a pipe or a device");
    }
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      const int reason = errno;
      ::close(std::exchange(fd_, -1));  // not discard(): the temporary file belongs to the other writer
      if (reason == EWOULDBLOCK) throw Error(temporary_ + ": somebody else is writing this file right now");
      errno = reason;
      fail("cannot lock the temporary file");
    }
    if (::stat(temporary_.c_str(), &named) == 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
      return;
    ::close(std::exchange(fd_, -1));  // the other writer committed between open and lock: try again
  }
}

RESNET_ONCE void AtomicFile::flush_directory() const {
  const std::size_t slash = path_.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("is in place, but its directory cannot be opened to flush it");
  const int result = ::fsync(fd), reason = errno;
  ::close(fd);
  errno = reason;
  if (result != 0 && reason != EINVAL)  // EINVAL: a file system without directory flushes
    fail("is in place, but its directory cannot be flushed to the disk");
}

RESNET_ONCE void AtomicFile::discard() noexcept {
  if (fd_ < 0) return;
  ::unlink(temporary_.c_str());
  ::close(std::exchange(fd_, -1));
}

RESNET_ONCE void AtomicFile::fail(const std::string& what) const {
  const int reason = errno;
  throw Error(path_ + ": " + what + (fd_ < 0 ? "" : " (" + temporary_ + ")") + ": " + std::strerror(reason));
}

}  // namespace resnet

#endif  // RESNET_BODIES
