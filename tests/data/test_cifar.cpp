// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/data/cifar.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <string>

using namespace resnet;
namespace fs = std::filesystem;

namespace {

/// A folder of the test's own, removed at the end.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "resnet-cifar-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
};

void write(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

/// Byte (c, h, w) of record r, different for different places.
unsigned char pixel(int r, int c, int h, int w) { return static_cast<unsigned char>(r * 101 + c * 67 + h * 32 + w); }

std::string planes(int r) {
  std::string bytes;
  for (int c = 0; c < 3; ++c)
    for (int h = 0; h < 32; ++h)
      for (int w = 0; w < 32; ++w) bytes += static_cast<char>(pixel(r, c, h, w));
  return bytes;
}

std::string message(const auto& load) {
  try {
    load();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

/// The official set with black images of class 0: files with a hole take no room on the disk.
void write_official(const fs::path& dir) {
  fs::create_directories(dir);
  for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                           "data_batch_5.bin", "test_batch.bin"}) {
    write(dir / name, "");
    fs::resize_file(dir / name, 10'000 * 3073);
  }
}

void patch(const fs::path& file, std::streamoff offset, const std::string& bytes) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekp(offset);
  stream << bytes;
}

}  // namespace

TEST_CASE("a CIFAR-10 file is read into (h, w, c) order") {
  const Folder folder;
  const fs::path file = folder.path / "sample.bin";
  write(file, '\x06' + planes(0) + '\x09' + planes(1) + '\x00' + planes(2));
  const Dataset data = load_cifar10_file(file);
  CHECK(data.shape == Shape{3, 32, 32});
  CHECK(data.class_names.size() == 10);
  CHECK(data.class_names[6] == "frog");
  CHECK(data.labels == std::vector<std::int32_t>{6, 9, 0});
  bool same = true;
  for (int r = 0; r < 3; ++r)
    for (int h = 0; h < 32; ++h)
      for (int w = 0; w < 32; ++w)
        for (int c = 0; c < 3; ++c)
          same &= data.image(r)[static_cast<std::size_t>((h * 32 + w) * 3 + c)] == pixel(r, c, h, w);
  CHECK(same);
  CHECK_NOTHROW(data.validate());
}

TEST_CASE("a CIFAR-100 file's fine labels are the classes") {
  const Folder folder;
  const fs::path file = folder.path / "sample.bin";
  write(file, std::string("\x0b\x13") + planes(0) + std::string("\x13\x63") + planes(1));
  const Dataset data = load_cifar100_file(file);
  CHECK(data.labels == std::vector<std::int32_t>{19, 99});
  CHECK(data.class_names[19] == "cattle");
  CHECK(data.class_names[99] == "worm");
  CHECK(data.image(1)[1] == pixel(1, 1, 0, 0));
  CHECK(std::set(cifar100_class_names.begin(), cifar100_class_names.end()).size() == 100);
  CHECK(std::is_sorted(cifar100_class_names.begin(), cifar100_class_names.end()));
}

TEST_CASE("a damaged CIFAR file is refused with file, offset, expected and found") {
  const Folder folder;
  const fs::path file = folder.path / "bad.bin";
  const std::string record = '\x01' + planes(0);
  const auto load = [&] { load_cifar10_file(file); };
  const std::string where = file.string() + ": byte ";

  CHECK(message(load) == file.string() + ": cannot open: No such file or directory");
  write(file, "");
  CHECK(message(load) == where + "0: expected whole CIFAR-10 records of 3073 bytes, found 0 bytes");
  write(file, record + record.substr(0, 3072));
  CHECK(message(load) == where + "3073: expected whole CIFAR-10 records of 3073 bytes, found 6145 bytes");
  write(file, record + record + 'x');
  CHECK(message(load) == where + "6146: expected whole CIFAR-10 records of 3073 bytes, found 6147 bytes");
  write(file, record + '\x0a' + planes(1));
  CHECK(message(load) == where + "3073: expected a label from 0 to 9 in record 1, found 10");
  write(file, record + '\xff' + planes(1));
  CHECK(message(load) == where + "3073: expected a label from 0 to 9 in record 1, found 255");

  const auto load100 = [&] { load_cifar100_file(file); };
  write(file, std::string("\x14\x00", 2) + planes(0));
  CHECK(message(load100) == where + "0: expected a label from 0 to 19 in record 0, found 20");
  write(file, std::string("\x13\x64", 2) + planes(0));
  CHECK(message(load100) == where + "1: expected a label from 0 to 99 in record 0, found 100");

  CHECK(message([&] { load_cifar10_file(folder.path); }) ==
        folder.path.string() + ": expected a regular file, found a directory, a pipe or a device");
  const fs::path pipe = folder.path / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  ::alarm(60);  // nobody writes into it
  CHECK(message([&] { load_cifar10_file(pipe); }) ==
        pipe.string() + ": expected a regular file, found a directory, a pipe or a device");
  ::alarm(0);
}

TEST_CASE("bytes in memory are read like a CIFAR file") {
  const std::string bytes = '\x06' + planes(0) + '\x09' + planes(1);
  const auto load = [&](std::size_t size) {
    return load_cifar10_file(InputFile("memory", std::as_bytes(std::span(bytes.data(), size))));
  };
  CHECK(load(bytes.size()).labels == std::vector<std::int32_t>{6, 9});
  CHECK(message([&] { load(3074); }) ==
        "memory: byte 3073: expected whole CIFAR-10 records of 3073 bytes, found 3074 bytes");
}

TEST_CASE("the official CIFAR-10 files are found in the folder or its parent, in order") {
  const Folder folder;
  const fs::path dir = folder.path / "cifar-10-batches-bin";
  write_official(dir);
  patch(dir / "data_batch_1.bin", 0, "\x06");
  patch(dir / "data_batch_5.bin", 9'999 * 3073, '\x01' + planes(4));
  patch(dir / "test_batch.bin", 3073, "\x08");
  for (const fs::path& given : {folder.path, dir}) {
    const auto [train, test] = load_cifar10(given);
    REQUIRE(train.size() == 50'000);
    REQUIRE(test.size() == 10'000);
    CHECK(train.labels[0] == 6);
    CHECK(train.labels[49'999] == 1);
    CHECK(train.image(49'999)[3072 - 1] == pixel(4, 2, 31, 31));
    CHECK(test.labels[1] == 8);
  }
}

TEST_CASE("a damaged official CIFAR-10 folder is refused") {
  const Folder folder;
  const fs::path& dir = folder.path;
  write_official(dir);

  SUBCASE("a truncated file") {
    fs::resize_file(dir / "data_batch_3.bin", 30'000'000);
    CHECK(message([&] { load_cifar10(dir); }) ==
          (dir / "data_batch_3.bin").string() +
              ": byte 30000000: expected 10000 records of 3073 bytes, together 30730000 bytes, found "
              "30000000 bytes");
  }
  SUBCASE("whole records, but too many") {
    fs::resize_file(dir / "test_batch.bin", 10'001 * 3073);
    CHECK(message([&] {
            load_cifar10(folder.path);
          }).starts_with((dir / "test_batch.bin").string() + ": byte 30730000: expected 10000"));
  }
  SUBCASE("a missing file") {
    fs::remove(dir / "data_batch_2.bin");
    CHECK(message([&] { load_cifar10(dir); }).find("data_batch_2.bin: cannot open: No such file") != std::string::npos);
  }
  SUBCASE("no folder at all") {
    CHECK(message([&] { load_cifar10(dir / "none"); }).find("No such file") != std::string::npos);
  }
}

TEST_CASE("CIFAR-100's training file must hold 50,000 records") {
  const Folder folder;
  const fs::path dir = folder.path / "cifar-100-binary";
  fs::create_directories(dir);
  write(dir / "train.bin", "");
  fs::resize_file(dir / "train.bin", 50'000 * 3074);
  write(dir / "test.bin", "");
  fs::resize_file(dir / "test.bin", 10'000 * 3074);
  const auto [train, test] = load_cifar100(folder.path);
  CHECK(train.size() == 50'000);
  CHECK(test.size() == 10'000);
  fs::resize_file(dir / "train.bin", 10'000 * 3074);
  CHECK(message([&] { load_cifar100(folder.path); }).find("expected 50000 records of 3074 bytes") != std::string::npos);
}
