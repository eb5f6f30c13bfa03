// SPDX-License-Identifier: MIT
// Bytes as text (RFC 4648), for data: addresses.
#pragma once

#include <string>
#include <string_view>

std::string base64(std::string_view bytes);

bool is_base64(std::string_view text);
