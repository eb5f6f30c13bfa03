// SPDX-License-Identifier: MIT
// Runs for people to look at: one page of HTML that needs no other file and no network.
#pragma once

#include <span>
#include <string>

#include "run.hpp"

/// What is there of one run; what is missing is said.
std::string render_report(const Run& run);

/// Several runs beside each other. Runs that differ in nothing but the seed are one configuration, with mean
/// and standard deviation.
std::string render_comparison(std::span<const Run> runs);
