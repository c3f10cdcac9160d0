// What is dear to make and asked for in each picture, kept as long as it is the same that is asked for.
#pragma once
#include <optional>
#include <utility>

namespace xs::viz {

template <class Key, class Value>
class Kept {
 public:
  /// `make` is called when the key is another than the last time.
  template <class Make>
  const Value& get(const Key& key, Make make) {
    if (key_ != key) value_ = make(), key_ = key;
    return value_;
  }

 private:
  std::optional<Key> key_;
  Value value_{};
};

}  // namespace xs::viz
