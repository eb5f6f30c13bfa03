// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <resnet/core/random.hpp>
#include <resnet/io/safetensors.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "tests/io/raw_file.hpp"
#include "tests/io/scratch.hpp"

using namespace resnet;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool limits_no_memory = true;  // a sanitizer's own memory is beyond any limit
#else
constexpr bool limits_no_memory = false;
#endif

SafeTensors example() {
  SafeTensors file;
  file.tensors["bytes"] = {Dtype::u8, {3}, {std::byte{1}, std::byte{2}, std::byte{3}}};
  file.tensors["conv.weight"] = StoredTensor::of<float>({2, 1, 1, 3}, {1, 2, 3, 4, 5, 0.1f});
  file.tensors["double"] = StoredTensor::of<double>({2}, {0.1, -1e300});
  file.tensors["empty"] = StoredTensor::of<float>({0, 4}, {});
  file.tensors["steps"] = StoredTensor::of<std::int64_t>({}, {-(std::int64_t{1} << 60)});
  file.metadata = {{"epoch", "3"}};
  return file;
}

bool same(const SafeTensors& a, const SafeTensors& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, t] : a.tensors) {
    const auto other = b.tensors.find(name);
    if (other == b.tensors.end() || other->second.dtype != t.dtype || other->second.shape != t.shape ||
        other->second.bytes != t.bytes)
      return false;
  }
  return true;
}

}  // namespace

TEST_CASE("safetensors: what is written is read again") {
  const Scratch scratch;
  const std::string path = scratch.file("w.safetensors");
  write_safetensors(path, example());
  const SafeTensors read = read_safetensors(path);
  CHECK(same(read, example()));
  CHECK(read.tensors.at("conv.weight").values<double>() == std::vector<double>{1, 2, 3, 4, 5, 0.1f});
  CHECK(read.tensors.at("steps").values<std::int64_t>() == std::vector<std::int64_t>{-(std::int64_t{1} << 60)});
  CHECK(scratch.count() == 1);

  write_safetensors(path, {});
  CHECK(same(read_safetensors(path), {}));
}

TEST_CASE("safetensors: no changed bit goes unnoticed") {
  const Scratch scratch;
  const std::string path = scratch.file("w.safetensors"), damaged = scratch.file("damaged");
  write_safetensors(path, example());
  const std::string good = bytes_of(path);
  const std::size_t key = good.find(checksum_key), key_end = key + std::strlen(checksum_key);
  for (std::size_t byte = 0; byte < good.size(); ++byte)
    for (const int bit : {0, 4, 7}) {
      if (byte >= key && byte < key_end) continue;  // without the key nothing is compared
      std::string bad = good;
      bad[byte] = static_cast<char>(bad[byte] ^ 1 << bit);
      CAPTURE(byte);
      CAPTURE(bit);
      bool unnoticed = false;
      try {
        unnoticed = !same(read_safetensors(InputFile("damaged", std::as_bytes(std::span(bad)))), example());
      } catch (const Error& e) {
        CHECK(std::string(e.what()).starts_with("damaged: "));
      }
      CHECK(!unnoticed);
    }
  std::string bad = good;
  bad.back() ^= 1;
  write_bytes(damaged, bad);
  CHECK_THROWS_WITH_AS(read_safetensors(damaged), doctest::Contains("damaged: expected the checksum "), Error);
}

TEST_CASE("safetensors: the checksum is one of the content, and optional") {
  const Scratch scratch;
  const std::string path = scratch.file("w.safetensors");
  write_raw(path, example());
  CHECK(same(read_safetensors(path), example()));

  // The same content with the checksum, laid out by another program: other order, other spaces.
  SafeTensors two;
  two.tensors["a"] = StoredTensor::of<float>({1}, {1});
  two.tensors["b"] = StoredTensor::of<float>({1}, {2});
  write_safetensors(path, two);
  const std::string good = bytes_of(path), key = good.substr(good.find(checksum_key) + 15, 16);
  CHECK(key == "28a1b25717497b62");
  const auto other_program = [&](const std::string& b) {
    const std::string text =
        R"({ "b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}, "a":{"shape":[1],"dtype":"F32",)"
        R"("data_offsets":[4,8]}, "__metadata__":{"resnet.xxh64":")" +
        key + "\"}}";
    write_bytes(path, std::string{static_cast<char>(text.size()), 0, 0, 0, 0, 0, 0, 0} + text + b +
                          std::string("\0\0\x80\x3f", 4));
  };
  other_program(std::string("\0\0\0\x40", 4));
  CHECK(same(read_safetensors(path), two));
  other_program(std::string("\0\0\0\x41", 4));
  CHECK_THROWS_WITH_AS(read_safetensors(path),
                       doctest::Contains("expected the checksum 28a1b25717497b62 from the metadata, found "), Error);
}

TEST_CASE("safetensors: values that are not finite are not written") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  write_safetensors(path, example());
  const auto refused = [&](StoredTensor tensor, const std::string& found) {
    SafeTensors bad = example();
    bad.tensors["x"] = std::move(tensor);
    CHECK_THROWS_WITH_AS(write_safetensors(path, bad),
                         (path + ": \"x\": expected finite values, found " + found).c_str(), DivergedError);
    CHECK(same(read_safetensors(path), example()));
    CHECK(scratch.count() == 1);
  };
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  refused(StoredTensor::of<float>({2, 3}, {1, 2, 3, 4, inf, nan}), "inf at index [1,1]");
  refused(StoredTensor::of<float>({1}, {nan}), "nan at index [0]");
  refused(StoredTensor::of<double>({}, {-inf}), "-inf at index []");
  refused({Dtype::f16, {2}, {std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0xFC}}}, "-inf at index [1]");
  refused({Dtype::bf16, {1}, {std::byte{0xC0}, std::byte{0x7F}}}, "nan at index [0]");
}

TEST_CASE("safetensors: a file of torch.save is answered with its conversion") {
  const Scratch scratch;
  const std::string path = scratch.file("w.pth");
  const std::string lines = "\n  import torch, safetensors.torch\n  safetensors.torch.save_file(torch.load(\"" + path +
                            "\", map_location=\"cpu\", weights_only=True), \"" + scratch.file("w.safetensors") + "\")";
  for (const std::string& begin :
       {std::string("PK\3\4\0\0\x08\x08\0\0", 10), std::string("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20", 10)}) {
    write_bytes(path, begin + std::string(100, 'x'));
    CHECK_THROWS_WITH_AS(read_safetensors(path), doctest::Contains(lines.c_str()), Error);
  }
  // A header of 640 bytes begins like a pickle.
  const std::string text = "{}" + std::string(638, ' ');
  write_bytes(path, std::string("\x80\x02\0\0\0\0\0\0", 8) + text);
  CHECK(read_safetensors(path).tensors.empty());
}

TEST_CASE("safetensors: too little memory is an Error with file and size" * doctest::skip(limits_no_memory)) {
  const Scratch scratch;
  const std::string path = scratch.file("large.safetensors");
  const std::uint64_t size = std::uint64_t{1} << 32;
  const std::string text = R"({"x":{"dtype":"U8","shape":[4294967296],"data_offsets":[0,4294967296]}})";
  write_bytes(path, std::string{static_cast<char>(text.size()), 0, 0, 0, 0, 0, 0, 0} + text);
  std::filesystem::resize_file(path, 8 + text.size() + size);  // a hole: takes no room on the disk
  const rlimit all = [] {
    rlimit limit;
    ::getrlimit(RLIMIT_AS, &limit);
    return limit;
  }();
  const rlimit little{std::uint64_t{1} << 30, all.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_AS, &little) == 0);
  std::string message;
  try {
    read_safetensors(path);
  } catch (const Error& e) {
    message = e.what();
  }
  ::setrlimit(RLIMIT_AS, &all);
  CHECK(message == path + ": not enough memory for its " + std::to_string(8 + text.size() + size) + " bytes");
}

TEST_CASE("safetensors: bytes in memory are read like a file") {
  const Scratch scratch;
  write_safetensors(scratch.file("w"), example());
  const std::string bytes = bytes_of(scratch.file("w"));
  CHECK(same(read_safetensors(InputFile("memory", std::as_bytes(std::span(bytes)))), example()));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    CHECK_THROWS_WITH_AS(read_safetensors(InputFile("memory", std::as_bytes(std::span(bytes.data(), length)))),
                         doctest::Contains("memory: byte "), Error);
}

TEST_CASE("safetensors: files of another writer") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RESNET_SOURCE_DIR "/tests/golden")) {
    if (entry.path().extension() != ".safetensors") continue;
    ++files;
    CHECK(!read_safetensors(entry.path()).tensors.empty());
  }
  CHECK(files > 0);
}

TEST_CASE("safetensors: no cut and no added byte goes unnoticed") {
  const Scratch scratch;
  const std::string path = scratch.file("w.safetensors"), damaged = scratch.file("damaged.safetensors");
  write_safetensors(path, example());
  const std::string good = bytes_of(path);
  for (std::size_t length = 0; length < good.size(); ++length) {
    write_bytes(damaged, good.substr(0, length));
    CAPTURE(length);
    CHECK_THROWS_WITH_AS(read_safetensors(damaged), doctest::Contains("damaged.safetensors: byte "), Error);
  }
  write_bytes(damaged, good + "x");
  CHECK_THROWS_WITH_AS(read_safetensors(damaged), doctest::Contains("found 52"), Error);
  write_bytes(damaged, "");
  CHECK_THROWS_WITH_AS(read_safetensors(damaged), doctest::Contains("byte 0: expected 8 more bytes, found the end"),
                       Error);
}

TEST_CASE("safetensors: a changed byte in the header is an Error or a valid header, never a crash") {
  const Scratch scratch;
  const std::string path = scratch.file("w.safetensors");
  write_safetensors(path, example());
  const std::string good = bytes_of(path);
  const std::size_t data_bytes = 3 + 6 * 4 + 2 * 8 + 8, header_end = good.size() - data_bytes;
  Random random{{11, 0}};
  int errors = 0;
  for (int i = 0; i < 500; ++i) {
    std::string bad = good;
    for (std::uint32_t changes = 1 + random.below(3); changes > 0; --changes)
      bad[random.below(static_cast<std::uint32_t>(header_end))] = static_cast<char>(random.below(256));
    write_bytes(path, bad);
    try {
      read_safetensors(path);
    } catch (const Error&) {
      ++errors;
    }
  }
  CHECK(errors > 250);
}

TEST_CASE("safetensors: lengths that can't be") {
  const Scratch scratch;
  const std::string path = scratch.file("w.safetensors");
  const auto with_length = [&](std::uint64_t length, const std::string& rest) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 8);
    write_bytes(path, bytes + rest);
  };
  with_length(~std::uint64_t{0}, "{}");
  CHECK_THROWS_WITH_AS(read_safetensors(path), doctest::Contains("byte 0: expected a header of 2 to 100000000"), Error);
  with_length(100'000'001, "{}");
  CHECK_THROWS_WITH_AS(read_safetensors(path), doctest::Contains("found the length 100000001"), Error);
  with_length(0, "");
  CHECK_THROWS_WITH_AS(read_safetensors(path), doctest::Contains("found the length 0"), Error);
  with_length(4, "{}");
  CHECK_THROWS_WITH_AS(read_safetensors(path), doctest::Contains("byte 10: expected 2 more bytes, found the end"),
                       Error);
  // 2^63 bytes of data are promised; nothing of that size may be allocated.
  const std::string huge =
      R"({"x":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}})";
  with_length(huge.size(), huge);
  CHECK_THROWS_WITH_AS(read_safetensors(path), doctest::Contains("expected 9223372036854775807 bytes of tensors"),
                       Error);
}

TEST_CASE("safetensors: what can't be opened") {
  const Scratch scratch;
  CHECK_THROWS_WITH_AS(read_safetensors(scratch.file("absent")), doctest::Contains("absent: cannot open: No such file"),
                       Error);
  CHECK_THROWS_WITH_AS(read_safetensors(scratch.directory), doctest::Contains("expected a regular file"), Error);
  CHECK_THROWS_WITH_AS(read_safetensors("/dev/zero"), doctest::Contains("expected a regular file"), Error);
  REQUIRE(::mkfifo(scratch.file("pipe").c_str(), 0600) == 0);
  ::alarm(60);  // nobody writes into it
  CHECK_THROWS_WITH_AS(read_safetensors(scratch.file("pipe")), doctest::Contains("pipe: expected a regular file"),
                       Error);
  CHECK_THROWS_WITH_AS(write_safetensors(scratch.file("pipe"), {}), doctest::Contains("expected a regular file"),
                       Error);
  ::alarm(0);
}

TEST_CASE("safetensors: what could not be read again is not written, and the old file stays") {
  const Scratch scratch;
  const std::string path = scratch.file("w.safetensors");
  write_safetensors(path, example());
  const auto refused = [&](const SafeTensors& bad, const char* message) {
    CHECK_THROWS_WITH_AS(write_safetensors(path, bad), doctest::Contains(message), Error);
    CHECK(same(read_safetensors(path), example()));
    CHECK(scratch.count() == 1);
  };
  SafeTensors bad;
  bad.tensors["x"] = StoredTensor::of<float>({3}, {1, 2});
  refused(bad, "w.safetensors: \"x\": expected 12 bytes for shape [3], found 8");
  bad.tensors["x"] = StoredTensor::of<float>({-2}, {1, 2});
  refused(bad, "\"x\": shape: expected non-negative");
  bad.tensors["x"] = StoredTensor::of<float>({std::int64_t{1} << 62, 4}, {});
  refused(bad, "\"x\": shape: expected non-negative");
  bad = {};
  bad.metadata["note"] = "not UTF-8: \xff";
  refused(bad, "metadata \"note\": expected UTF-8");
  bad = {};
  bad.metadata["\xc0\x80"] = "";
  refused(bad, "a key of the metadata: expected UTF-8");
  bad = {};
  bad.tensors["\xed\xa0\x80"] = StoredTensor::of<float>({2}, {1, 2});
  refused(bad, "a tensor's name: expected UTF-8");
  bad = {};
  bad.tensors["__metadata__"] = StoredTensor::of<float>({2}, {1, 2});
  refused(bad, "\"__metadata__\": expected another name");
}

TEST_CASE("safetensors: what counts as UTF-8 when writing is what counts when reading") {
  // All pairs of bytes, and longer texts around the bounds of the lead bytes that have some.
  std::vector<std::string> texts;
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) texts.push_back({static_cast<char>(a), static_cast<char>(b)});
  for (const int lead : {0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5})
    for (const int second : {0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0})
      for (const char* rest : {"", "\x80", "\xbf\x80", "\x80\x80", "\x80\xc0", "\x80\x80\x80", "x"})
        texts.push_back(std::string{static_cast<char>(lead), static_cast<char>(second)} + rest);
  for (const std::string& text : texts) {
    SafetensorsHeader header;
    header.metadata["x"] = text;
    bool readable = true;
    try {
      parse_safetensors_header("", format_safetensors_header(header));
    } catch (const Error&) {
      readable = false;
    }
    CHECK_MESSAGE(detail::is_utf8(text) == readable, text);
  }
}
