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

  struct Block {
    Arena* arena;
    Scalar* data;
    std::size_t begin, size;  // in scalars, from the start of the chunk
    int handles;              // 0: free
    Block *prev, *next;       // neighbours in the same chunk
  };

  /// At least `count` scalars, 64-byte aligned, contents undefined, with one handle on it.
  [[gnu::noinline]] constexpr Block* allocate(std::size_t count) {
    constexpr std::size_t line = 64 / sizeof(Scalar);
    count = std::max((count + line - 1) / line * line, line);
    for (std::size_t c = 0, base = 0; c < chunks_.size(); base += chunks_[c++].size)
      for (Block* b = chunks_[c].first; b; b = b->next)
        if (b->handles == 0 && b->size >= count) return take(b, count, base);
    reserve(std::max(count, reserved_));  // doubles, so that few chunks come
    return allocate(count);
  }

  /// Handles on nothing are null. Not inlined: a network drops handles in hundreds of places.
  static constexpr void add_handle(Block* b) {
    if (b) ++b->handles;
  }
  [[gnu::noinline]] static constexpr void drop_handle(Block* b) noexcept {
    if (b && --b->handles == 0) b->arena->release(b);
  }

  /// Makes room for `count` more scalars in one piece.
  constexpr void reserve(std::size_t count) {
    Scalar* memory = B::allocate(count);
    // A node of its own and not a spare one: the next time round this chunk is there from the beginning.
    chunks_.push_back({memory, count, new Block{this, memory, 0, count, 0, nullptr, nullptr}});
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
    Block* first;
  };

  constexpr ~Arena() {
    for (Chunk& c : chunks_) {
      delete_list(c.first);
      B::deallocate(c.memory);
    }
    delete_list(spare_);
  }

  constexpr Block* take(Block* b, std::size_t count, std::size_t base) {
    if (b->size > count) {
      b->next = node({this, b->data ? b->data + count : nullptr, b->begin + count, b->size - count, 0, b, b->next});
      if (b->next->next) b->next->next->prev = b->next;
      b->size = count;
    }
    b->handles = 1;
    ++live_;
    peak_ = std::max(peak_, base + b->begin + b->size);
    return b;
  }

  constexpr void absorb_next(Block* b) {
    Block* gone = b->next;
    b->size += gone->size;
    b->next = gone->next;
    if (b->next) b->next->prev = b;
    gone->next = std::exchange(spare_, gone);
  }

  constexpr Block* node(Block value) {  // recycled, so that a repeated step allocates nothing
    if (!spare_) return new Block(value);
    Block* b = std::exchange(spare_, spare_->next);
    *b = value;
    return b;
  }

  constexpr void release(Block* b) {
    if (b->next && b->next->handles == 0) absorb_next(b);
    if (b->prev && b->prev->handles == 0) absorb_next(b->prev);
    if (--live_ == 0 && orphaned_) delete this;
  }

  static constexpr void delete_list(Block* b) {
    while (b) delete std::exchange(b, b->next);
  }

  std::vector<Chunk> chunks_;
  Block* spare_ = nullptr;
  std::size_t reserved_ = B::dry ? ~std::size_t{0} / 4 : 0;  // a dry run may use as much as it likes
  std::size_t peak_ = 0;
  int live_ = 0;
  bool orphaned_ = false;
};

}  // namespace resnet
