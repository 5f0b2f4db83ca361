// Identifiers that cannot be exchanged for one another, and containers that only their own kind of id indexes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"

namespace heat::spec {

template <class Tag>
struct Id {
  std::int32_t value = -1;  // negative: none
  constexpr Id() = default;
  constexpr explicit Id(std::int32_t v) : value(v) {}
  constexpr explicit operator bool() const { return value >= 0; }
  friend constexpr bool operator==(Id a, Id b) { return a.value == b.value; }
  friend constexpr bool operator!=(Id a, Id b) { return a.value != b.value; }
  friend constexpr bool operator<(Id a, Id b) { return a.value < b.value; }
};

using ChipletId = Id<struct ChipletTag>;
using PeId = Id<struct PeTag>;
using TensorId = Id<struct TensorTag>;
using NodeId = Id<struct NodeTag>;
using GroupId = Id<struct GroupTag>;

// The first `count` ids, in order.
template <class Key>
class IdRange {
 public:
  class Iterator {
   public:
    constexpr explicit Iterator(std::int32_t value) : value_(value) {}
    constexpr Key operator*() const { return Key(value_); }
    constexpr Iterator& operator++() {
      ++value_;
      return *this;
    }
    friend constexpr bool operator!=(Iterator a, Iterator b) { return a.value_ != b.value_; }

   private:
    std::int32_t value_;
  };
  constexpr explicit IdRange(std::size_t count) : count_(static_cast<std::int32_t>(count)) {}
  constexpr Iterator begin() const { return Iterator(0); }
  constexpr Iterator end() const { return Iterator(count_); }

 private:
  std::int32_t count_;
};

// A vector that only a Key indexes. Throws std::logic_error for an id outside it.
template <class Key, class T>
class IdVector {
 public:
  IdVector() = default;
  explicit IdVector(std::size_t size, const T& value = T()) : items_(size, value) {}
  explicit IdVector(std::vector<T> items) : items_(std::move(items)) {}

  bool contains(Key id) const { return id.value >= 0 && static_cast<std::size_t>(id.value) < items_.size(); }
  T& operator[](Key id) { return items_[place(id)]; }
  const T& operator[](Key id) const { return items_[place(id)]; }

  // Returns the new element's id.
  Key push_back(T item) {
    items_.push_back(std::move(item));
    return Key(static_cast<std::int32_t>(items_.size()) - 1);
  }
  // The id that the next element will have.
  Key next_id() const { return Key(static_cast<std::int32_t>(items_.size())); }
  IdRange<Key> ids() const { return IdRange<Key>(items_.size()); }

  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  void clear() { items_.clear(); }
  void resize(std::size_t size) { items_.resize(size); }
  void assign(std::size_t size, const T& value) { items_.assign(size, value); }
  T& front() { return items_.front(); }
  const T& front() const { return items_.front(); }
  T& back() { return items_.back(); }
  const T& back() const { return items_.back(); }
  auto begin() { return items_.begin(); }
  auto begin() const { return items_.begin(); }
  auto end() { return items_.end(); }
  auto end() const { return items_.end(); }
  friend bool operator==(const IdVector& x, const IdVector& y) { return x.items_ == y.items_; }
  friend bool operator!=(const IdVector& x, const IdVector& y) { return !(x == y); }

 private:
  std::size_t place(Key id) const {
    HEAT_CHECK(contains(id), "id " + std::to_string(id.value) + " of " + std::to_string(items_.size()));
    return static_cast<std::size_t>(id.value);
  }
  std::vector<T> items_;
};

}  // namespace heat::spec
