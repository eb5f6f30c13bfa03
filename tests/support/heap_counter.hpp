// SPDX-License-Identifier: MIT
// Counts every allocation from the heap, by any thread and through any function: it replaces the C library's
// functions. They are weak, so that several sources of a program may include it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RESNET_TEST_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RESNET_TEST_SANITIZED 1
#endif

namespace test {

inline std::atomic<long> heap_allocations{0};

}  // namespace test

#if defined(RESNET_TEST_SANITIZED)  // the sanitizer has replaced them already, and lets us listen

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
namespace test {
inline const bool counts_heap = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { ++heap_allocations; }, [](const volatile void*) {});
}

#elif defined(__GLIBC__)  // operator new comes here too

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

[[gnu::weak]] void* malloc(std::size_t size) noexcept { return ++test::heap_allocations, __libc_malloc(size); }
[[gnu::weak]] void* calloc(std::size_t n, std::size_t size) noexcept {
  return ++test::heap_allocations, __libc_calloc(n, size);
}
[[gnu::weak]] void* realloc(void* p, std::size_t size) noexcept {
  return ++test::heap_allocations, __libc_realloc(p, size);
}
[[gnu::weak]] void* memalign(std::size_t line, std::size_t size) noexcept {
  return ++test::heap_allocations, __libc_memalign(line, size);
}
[[gnu::weak]] void* aligned_alloc(std::size_t line, std::size_t size) noexcept { return memalign(line, size); }
[[gnu::weak]] int posix_memalign(void** p, std::size_t line, std::size_t size) noexcept {
  return (*p = memalign(line, size)) ? 0 : 12;  // ENOMEM
}
}
namespace test {
inline const bool counts_heap = true;
}

#else

namespace test {
inline const bool counts_heap = false;
}

#endif
