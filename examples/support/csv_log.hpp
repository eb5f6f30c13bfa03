// SPDX-License-Identifier: MIT
// A CSV file with one row for each epoch.
#pragma once

#include <resnet/core/error.hpp>

#include <cstdlib>
#include <fstream>
#include <string>

class CsvLog {
 public:
  /// An empty path means no log. A resumed run keeps the rows of the first `keep` epochs that the file has.
  CsvLog(const std::string& path, const std::string& header, int keep) : path_(path) {
    if (path.empty()) return;
    std::string rows = header + '\n';
    std::ifstream old(path);
    for (std::string row; keep > 0 && std::getline(old, row);) {
      const int epoch = std::atoi(row.c_str());  // 0 for the header
      if (epoch >= 1 && epoch <= keep) rows += row + '\n';
    }
    old.close();
    file_.open(path);
    write(rows);
  }

  void write(const std::string& rows) {
    if (!path_.empty() && !(file_ << rows << std::flush))
      throw resnet::Error(path_ + ": cannot write the CSV log");
  }

 private:
  std::string path_;
  std::ofstream file_;
};
