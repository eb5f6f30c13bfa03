// SPDX-License-Identifier: MIT
// The memory of a Context: one reservation, handed out first fit in pieces that return when their last
// handle goes. The same sequence of requests always gets the same places, so a training step that ran
// once needs no further memory, and Plan (backend/plan) can tell beforehand how much that is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace resnet {

template <class B>
class Arena {
 public:
  using Scalar = typename B::Scalar;

  struct Piece {
    Arena* arena;
    Scalar* data;
    std::size_t begin, size;  // in scalars, from the start of the chunk
    int handles;              // 0: free
    Piece *prev, *next;       // neighbours in the same chunk
  };

  /// At least `count` scalars, 64-byte aligned, contents undefined, with one handle on it.
  [[gnu::noinline]] constexpr Piece* allocate(std::size_t count) {
    constexpr std::size_t line = 64 / sizeof(Scalar);
    count = std::max((count + line - 1) / line * line, line);
    for (std::size_t c = 0, base = 0; c < chunks_.size(); base += chunks_[c++].size)
      for (Piece* p = chunks_[c].first; p; p = p->next)
        if (p->handles == 0 && p->size >= count) return take(p, count, base);
    reserve(std::max(count, reserved_));  // doubles, so that few chunks come
    return allocate(count);
  }

  /// Handles on nothing are null. Not inlined: a network drops handles in hundreds of places.
  static constexpr void add_handle(Piece* p) {
    if (p) ++p->handles;
  }
  [[gnu::noinline]] static constexpr void drop_handle(Piece* p) noexcept {
    if (p && --p->handles == 0) p->arena->release(p);
  }

  /// Makes room for `count` more scalars in one piece.
  constexpr void reserve(std::size_t count) {
    Scalar* memory = B::allocate(count);
    // A node of its own and not a spare one: the next time round this chunk is there from the beginning.
    chunks_.push_back({memory, count, new Piece{this, memory, 0, count, 0, nullptr, nullptr}});
    if (!B::dry) reserved_ += count;
  }

  /// The most bytes that were ever in use, counted from the start of the arena.
  constexpr std::size_t peak_bytes() const { return peak_ * sizeof(Scalar); }
  constexpr std::size_t reserved_bytes() const { return reserved_ * sizeof(Scalar); }

  /// The Context goes; the arena stays until the last handle has gone.
  constexpr void abandon() {
    orphaned_ = true;
    if (live_ == 0) delete this;
  }

  constexpr Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

 private:
  struct Chunk {
    Scalar* memory;
    std::size_t size;
    Piece* first;
  };

  constexpr ~Arena() {
    for (Chunk& c : chunks_) {
      delete_list(c.first);
      B::deallocate(c.memory);
    }
    delete_list(spare_);
  }

  constexpr Piece* take(Piece* p, std::size_t count, std::size_t base) {
    if (p->size > count) {
      p->next = node({this, p->data ? p->data + count : nullptr, p->begin + count, p->size - count, 0, p, p->next});
      if (p->next->next) p->next->next->prev = p->next;
      p->size = count;
    }
    p->handles = 1;
    ++live_;
    peak_ = std::max(peak_, base + p->begin + p->size);
    return p;
  }

  constexpr void absorb_next(Piece* p) {
    Piece* gone = p->next;
    p->size += gone->size;
    p->next = gone->next;
    if (p->next) p->next->prev = p;
    gone->next = std::exchange(spare_, gone);
  }

  constexpr Piece* node(Piece value) {  // recycled, so that a repeated step allocates nothing
    if (!spare_) return new Piece(value);
    Piece* p = std::exchange(spare_, spare_->next);
    *p = value;
    return p;
  }

  constexpr void release(Piece* p) {
    if (p->next && p->next->handles == 0) absorb_next(p);
    if (p->prev && p->prev->handles == 0) absorb_next(p->prev);
    if (--live_ == 0 && orphaned_) delete this;
  }

  static constexpr void delete_list(Piece* p) {
    while (p) delete std::exchange(p, p->next);
  }

  std::vector<Chunk> chunks_;
  Piece* spare_ = nullptr;
  std::size_t reserved_ = B::dry ? ~std::size_t{0} / 4 : 0;  // a dry run may use as much as it likes
  std::size_t peak_ = 0;
  int live_ = 0;
  bool orphaned_ = false;
};

}  // namespace resnet
