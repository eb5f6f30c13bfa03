// SPDX-License-Identifier: MIT
// The main function of a fuzz target where there is no libFuzzer: runs it on every file of a folder. A file
// whose name begins with "valid" has to be accepted, so that the others are near to something that is.
#include <algorithm>
#include <vector>

#include "target.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: %s <folder>\n", argv[0]), 2;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::ranges::sort(files);
  int valid = 0, wrong = 0;
  for (const auto& path : files) {
    const std::string name = path.filename(), bytes = fuzz::content(path);
    std::fprintf(stderr, "%s: ", name.c_str());  // first: should it crash, this is the culprit
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    std::fprintf(stderr, "%s\n", fuzz::refusal.empty() ? "accepted" : fuzz::refusal.c_str());
    if (!name.starts_with("valid")) continue;
    ++valid;
    if (!fuzz::refusal.empty()) ++wrong, std::fprintf(stderr, "FAILED: %s has to be accepted\n", name.c_str());
  }
  if (valid == 0) std::fprintf(stderr, "FAILED: %s: expected a file whose name begins with \"valid\"\n", argv[1]);
  return valid == 0 || wrong > 0;
}
