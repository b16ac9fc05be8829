// A growing array. std::vector would tie every compiled model to libstdc++.

#ifndef BITNET_RUNTIME_ARRAY_H
#define BITNET_RUNTIME_ARRAY_H

#include "bitnet/Runtime/Runtime.h"

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace bitnet::runtime {

template <typename T> class Array {
public:
  Array() = default;
  Array(Array &&other) noexcept { swap(other); }
  Array &operator=(Array &&other) noexcept {
    Array old(std::move(other));
    swap(old);
    return *this;
  }
  ~Array() {
    resize(0);
    std::free(items);
  }

  size_t size() const { return count; }
  bool empty() const { return count == 0; }
  T *data() { return items; }
  const T *data() const { return items; }
  T &operator[](size_t index) { return items[index]; }
  const T &operator[](size_t index) const { return items[index]; }
  T *begin() { return items; }
  T *end() { return items + count; }
  const T *begin() const { return items; }
  const T *end() const { return items + count; }

  T &push(T item) {
    reserve(count + 1);
    return *new (static_cast<void *>(items + count++)) T(std::move(item));
  }

  /// New elements are value-initialized.
  void resize(size_t size) {
    reserve(size);
    while (count > size)
      items[--count].~T();
    while (count < size)
      new (static_cast<void *>(items + count++)) T();
  }

private:
  void swap(Array &other) {
    std::swap(items, other.items);
    std::swap(count, other.count);
    std::swap(capacity, other.capacity);
  }

  void reserve(size_t size) {
    if (size <= capacity)
      return;
    size_t grown = capacity * 2 > size ? capacity * 2 : size;
    T *moved = grown > SIZE_MAX / sizeof(T)
                   ? nullptr
                   : static_cast<T *>(std::malloc(grown * sizeof(T)));
    if (!moved)
      bitnet_fail("out of memory");
    for (size_t i = 0; i < count; ++i) {
      new (static_cast<void *>(moved + i)) T(std::move(items[i]));
      items[i].~T();
    }
    std::free(items);
    items = moved;
    capacity = grown;
  }

  T *items = nullptr;
  size_t count = 0;
  size_t capacity = 0;
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_ARRAY_H
