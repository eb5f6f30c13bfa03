// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <resnet/io/safetensors.hpp>

#include <algorithm>
#include <chrono>
#include <string>

using namespace resnet;

namespace {

SafetensorsHeader parse(const std::string& text) { return parse_safetensors_header("w.safetensors", text); }

}  // namespace

TEST_CASE("safetensors header: what the format allows") {
  CHECK(parse("{}").tensors.empty());
  CHECK(parse("{}   ").data_bytes == 0);
  const SafetensorsHeader header = parse(
      R"({"b":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]}, "__metadata__":{"epoch":"3","\u00e9":"\n"},
          "a":{"data_offsets":[0,8],"shape":[],"dtype":"I64","added later":[{}]},
          "none":{"dtype":"U8","shape":[0,7],"data_offsets":[8,8]}})");
  CHECK(header.data_bytes == 32);
  CHECK(header.metadata == Metadata{{"epoch", "3"}, {"é", "\n"}});
  REQUIRE(header.tensors.size() == 3);
  CHECK(header.tensors.at("a").dtype == Dtype::i64);
  CHECK(header.tensors.at("a").shape.empty());
  CHECK(header.tensors.at("b").shape == Dimensions{2, 3});
  CHECK(header.tensors.at("b").begin == 8);
  CHECK(header.tensors.at("none").shape == Dimensions{0, 7});
}

TEST_CASE("safetensors header: what is written is read again") {
  SafetensorsHeader header;
  header.metadata = {{"a \"quoted\" \\ key", "tab\t, newline\n, bell\a, umlaut ü, empty:"}, {"empty", ""}};
  header.tensors["x\\y\"z"] = {Dtype::f16, {5}, 0, 10};
  const std::string text = format_safetensors_header(header);
  CHECK(text.size() % 8 == 0);
  const SafetensorsHeader again = parse(text);
  CHECK(again.metadata == header.metadata);
  CHECK(again.tensors.at("x\\y\"z").end == 10);
}

TEST_CASE("safetensors header: damage is named with file, byte, expected and found") {
  const auto refused = [](const std::string& text, const std::string& message) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(parse(text), doctest::Contains(("w.safetensors: byte " + message).c_str()), Error);
  };
  const auto entry = [](const std::string& body) { return "{\"x\":" + body + "}"; };

  refused("", "8: the header: expected JSON that begins with {");
  refused("[1]", "8: the header: expected JSON that begins with {");
  refused("{\"x\":", "13: the header: expected valid JSON, found:");
  refused("{}}", "10: the header: expected valid JSON");
  refused("{\"x\xff\":1}", "11: the header: expected valid JSON");
  refused(std::string("{}\0", 3), "10: the header: expected valid JSON");

  refused(
      R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
      "9: \"x\": expected every name once");
  refused(R"({"x":{"dtype":"U8","shape":[1],"shape":[2],"data_offsets":[0,1]}})",
          "27: \"shape\": expected every name once");
  refused(R"({"__metadata__":{"k":"1","k":"2"}})", "25: \"k\": expected every name once");
  refused(R"({"__metadata__":[]})", "9: \"__metadata__\": expected an object of strings");
  refused(R"({"__metadata__":{"k":1}})", "9: \"__metadata__\": expected a string as the value of \"k\"");

  refused(entry("7"), "9: \"x\": expected an object with dtype");
  refused(entry(R"({"shape":[1],"data_offsets":[0,1]})"), "9: \"x\": expected the member dtype");
  refused(entry(R"({"dtype":"U8","data_offsets":[0,1]})"), "9: \"x\": expected the member shape");
  refused(entry(R"({"dtype":"U8","shape":[1]})"), "9: \"x\": expected the member data_offsets");
  refused(entry(R"({"dtype":8,"shape":[1],"data_offsets":[0,1]})"), "9: \"x\": dtype: expected a string");
  refused(entry(R"({"dtype":"F31","shape":[1],"data_offsets":[0,1]})"), "9: \"x\": dtype: expected F64, F32,");
  refused(entry(R"({"dtype":"U8","shape":1,"data_offsets":[0,1]})"), "9: \"x\": shape: expected an array");
  refused(entry(R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})"), "9: \"x\": shape: expected non-negative");
  refused(entry(R"({"dtype":"U8","shape":[1.0],"data_offsets":[0,1]})"), "9: \"x\": shape: expected non-negative");
  refused(entry(R"({"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,1]})"),
          "9: \"x\": shape: expected non-negative 64-bit integers, found something else at index 0");
  refused(entry(R"({"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]})"),
          "9: \"x\": shape: expected a size that 64 bits can hold, found the dimension 9223372036854775808");
  // 2^32 · 2^32 · 4 wraps to 0, (2^62 + 1) · 4 to 4: both fit their offsets if nobody looks.
  refused(entry(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})"),
          "9: \"x\": shape: expected a size that 64 bits can hold");
  refused(entry(R"({"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]})"),
          "9: \"x\": shape: expected a size that 64 bits can hold");
  refused(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"),
          "9: \"x\": data_offsets: expected 8 bytes for shape [2] of F32, found [0,4]");
  refused(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[16,8]})"), "9: \"x\": data_offsets: expected 8 bytes");
  refused(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})"),
          "9: \"x\": data_offsets: expected 2 numbers, found 1");
  refused(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8,16]})"),
          "9: \"x\": data_offsets: expected 2 numbers, found 3");

  const auto two = [](const std::string& a, const std::string& b) {
    return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a +
           R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}";
  };
  CHECK(parse(two("[4,8]", "[0,4]")).data_bytes == 8);
  refused(two("[0,4]", "[3,7]"), "61: \"b\": data_offsets: expected the data to begin at 4, where the tensor before");
  refused(two("[0,4]", "[5,9]"), "61: \"b\": data_offsets: expected the data to begin at 4");
  refused(two("[1,5]", "[5,9]"), "9: \"a\": data_offsets: expected the data to begin at 0");
  refused(two("[0,4]", "[0,4]"), "61: \"b\": data_offsets: expected the data to begin at 4");
}

TEST_CASE("safetensors header: what the library can't represent is damage too") {
  const auto entry = [](const std::string& body) { return "{\"x\":" + body + "}"; };
  const char* where = "w.safetensors: byte ";
  // A number beyond a double's range is no syntax error to the JSON library.
  CHECK_THROWS_WITH_AS(parse(entry(R"({"dtype":"U8","shape":[1e999],"data_offsets":[0,1]})")),
                       doctest::Contains("w.safetensors: byte 40: the header: expected valid JSON"), Error);
  CHECK_THROWS_WITH_AS(parse(entry(R"({"note":-1e999})")), doctest::Contains(where), Error);
  CHECK_THROWS_WITH_AS(parse(R"({"__metadata__":{"k":"\ud800"}})"), doctest::Contains(where), Error);
  CHECK_THROWS_WITH_AS(parse(R"({"__metadata__":{"shape":[]}})"), doctest::Contains(where), Error);
  CHECK_THROWS_WITH_AS(parse(R"({"__metadata__":{"k":null}})"), doctest::Contains(where), Error);
  CHECK_THROWS_WITH_AS(parse(R"({"__metadata__":null})"), doctest::Contains(where), Error);
  for (const char* shape : {"[[1]]", "{}", "[{}]", "[null]", "[true]", "[\"1\"]", "null", "\"1\""})
    CHECK_THROWS_WITH_AS(parse(entry(R"({"dtype":"U8","data_offsets":[0,1],"shape":)" + std::string(shape) + "}")),
                         doctest::Contains("w.safetensors: byte 9: \"x\": shape: expected"), Error);
  for (const char* other : {"[1,[2,{\"dtype\":3}],{}]", "{\"shape\":{\"dtype\":[]}}", "-0.5", "null", "true"})
    CHECK(parse(entry(R"({"later":)" + std::string(other) + R"(,"dtype":"U8","shape":[2],"data_offsets":[0,2]})"))
              .data_bytes == 2);
  const std::string message = [&] {
    try {
      parse("{\"x\":" + std::string(1'000'000, '7') + "!");
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  }();
  CHECK(message.starts_with(where));
  CHECK(message.size() < 500);
}

TEST_CASE("safetensors header: reading takes a time proportional to the number of tensors") {
  const auto seconds_for = [](int tensors) {
    SafetensorsHeader header;
    for (int i = 0; i < tensors; ++i) {
      const auto at = static_cast<std::uint64_t>(i);
      header.tensors["layer" + std::to_string(i)] = {Dtype::u8, {1}, at, at + 1};
    }
    const std::string text = format_safetensors_header(header);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(parse(text).data_bytes == static_cast<std::uint64_t>(tensors));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  // 30 times the tensors took 900 times as long where each was compared with all before it.
  double few = 1e9;
  for (int round = 0; round < 3; ++round) few = std::min(few, seconds_for(10'000));
  CHECK(seconds_for(300'000) < 200 * few);
}

TEST_CASE("safetensors header: deep nesting does not exhaust the stack") {
  const std::string deep(200'000, '[');
  CHECK_THROWS_AS(parse("{\"x\":" + deep), Error);
  CHECK_THROWS_AS(parse("{\"x\":" + deep + std::string(deep.size(), ']') + "}"), Error);
  CHECK(parse(R"({"x":{"later":)" + deep + std::string(deep.size(), ']') +
              R"(,"dtype":"U8","shape":[0],"data_offsets":[0,0]}})")
            .tensors.contains("x"));
}
