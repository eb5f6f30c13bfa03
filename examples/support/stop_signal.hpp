// SPDX-License-Identifier: MIT
// Ctrl-C as a wish that the program looks at when it suits.
#pragma once

#include <signal.h>

#include <atomic>

inline std::atomic<int> stop_signal = 0;  // the signal that asked this process to stop, or 0
static_assert(std::atomic<int>::is_always_lock_free);

/// From now on SIGINT and SIGTERM set stop_signal. The second one ends the process at once.
inline void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { stop_signal = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}
