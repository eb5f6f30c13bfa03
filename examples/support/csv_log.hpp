// SPDX-License-Identifier: MIT
// A CSV file with one row for each epoch. It is replaced as a whole, so that a crash leaves whole rows.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "text_file.hpp"

class CsvLog {
 public:
  /// A resumed run keeps the rows of the first `keep` epochs that the file has.
  CsvLog(const std::string& path, const std::string& header, int keep) : path_(path), text_(header + '\n') {
    if (keep > 0 && std::filesystem::exists(path)) {
      std::istringstream old(read_text(path));
      for (std::string row; std::getline(old, row);) {
        const int epoch = std::atoi(row.c_str());  // 0 for the header
        if (epoch >= 1 && epoch <= keep) text_ += row + '\n';
      }
    }
    write_text(path_, text_);
  }

  void write(const std::string& row) { write_text(path_, text_ += row + '\n'); }

 private:
  std::string path_, text_;
};
