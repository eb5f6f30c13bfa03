// SPDX-License-Identifier: MIT
// Text files as a whole.
#pragma once

#include <string>

/// Throws Error unless it is a regular file that can be read.
std::string read_text(const std::string& path);

/// Replaces the file as a whole; throws Error if it can't be written.
void write_text(const std::string& path, const std::string& text);
