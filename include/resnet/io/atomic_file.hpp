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

#ifndef RESNET_COMPILED
#include <resnet/io/bodies/atomic_file.hpp>
#endif
