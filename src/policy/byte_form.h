#pragma once
// Writing and reading the canonical binary forms of this room: big-endian numbers, counted lists, no padding.
// Internal.

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace shieldwall::policy {

class ByteWriter {
 public:
  template <typename Number>
  void number(Number value) {
    const auto bits = static_cast<std::uint64_t>(value);
    for (int shift = static_cast<int>(sizeof(Number)) * 8 - 8; shift >= 0; shift -= 8)
      bytes_.push_back(static_cast<char>(bits >> shift & 0xff));
  }
  void raw(std::string_view bytes) { bytes_ += bytes; }
  void uuid(const Uuid& value) { raw(value.view()); }
  /// A 32-bit length, then the bytes.
  void counted(std::string_view bytes) {
    number(static_cast<std::uint32_t>(bytes.size()));
    raw(bytes);
  }
  Bytes take() && { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// Reads what ByteWriter wrote; every call fails with `invalid`, naming `what` and the offset, past the end.
class ByteReader {
 public:
  ByteReader(std::string_view bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  template <typename Number>
  Result<Number> number() {
    const auto raw_bytes = TRY(raw(sizeof(Number)));
    std::uint64_t value = 0;
    for (const char byte : raw_bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
    return static_cast<Number>(value);
  }
  Result<std::string_view> raw(std::size_t count) {
    if (bytes_.size() - at_ < count)
      return fail(ErrorCode::invalid,
                  "{}: ends at byte {}, {} more are needed",
                  what_,
                  bytes_.size(),
                  count - (bytes_.size() - at_));
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  Result<Uuid> uuid() { return Uuid::of_bytes(TRY(raw(16))); }
  Result<std::string_view> counted(std::size_t most) {
    const auto count = TRY(number<std::uint32_t>());
    if (count > most) return refuse("a field is longer than the format allows");
    return raw(count);
  }
  /// How many entries follow, each of at least `entry_bytes`: more than the bytes can hold is refused before
  /// memory is taken.
  Result<std::size_t> count(std::size_t most, std::size_t entry_bytes) {
    const auto found = TRY(number<std::uint32_t>());
    if (found > most || found * entry_bytes > bytes_.size() - at_)
      return refuse("a list is longer than the format allows or the bytes that follow");
    return found;
  }
  Done finish() const {
    if (at_ != bytes_.size()) return refuse("bytes are left over");
    return {};
  }
  std::unexpected<Error> refuse(std::string_view why) const {
    return fail(ErrorCode::invalid, "{}: at byte {}: {}", what_, at_, why);
  }

 private:
  std::string_view bytes_;
  std::string_view what_;
  std::size_t at_ = 0;
};

/// Strictly ascending: sorted, and nothing twice.
template <typename T>
bool strictly_ascends(const std::vector<T>& list) {
  for (std::size_t i = 1; i < list.size(); ++i)
    if (!(list[i - 1] < list[i])) return false;
  return true;
}

}  // namespace shieldwall::policy
