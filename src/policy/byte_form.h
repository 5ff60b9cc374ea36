#pragma once
// Writing and reading the canonical binary forms of this room: big-endian numbers, counted lists,
// length-prefixed fields, no padding. Internal.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/text.h"

namespace shieldwall::policy {

class ByteWriter {
 public:
  ByteWriter() = default;
  explicit ByteWriter(std::size_t bytes_about) { bytes_.reserve(bytes_about); }

  template <typename Number>
  void number(Number value) {
    const auto bits = static_cast<std::uint64_t>(value);
    for (int shift = static_cast<int>(sizeof(Number)) * 8 - 8; shift >= 0; shift -= 8)
      bytes_.push_back(static_cast<char>(bits >> shift & 0xff));
  }
  void raw(std::string_view bytes) { bytes_ += bytes; }
  void uuid(const Uuid& value) { raw(value.view()); }
  void digest(const Digest& value) { raw(value.view()); }
  /// A 32-bit length, then the bytes.
  void counted(std::string_view bytes) {
    number(static_cast<std::uint32_t>(bytes.size()));
    raw(bytes);
  }
  /// A 32-bit length, then what `write` writes.
  template <typename Write>
  void field(Write&& write) {
    ByteWriter inner;
    write(inner);
    counted(inner.bytes_);
  }
  /// A 32-bit count, then each element by `write(out, element)`.
  template <typename List, typename Write>
  void list(const List& elements, Write&& write) {
    number(static_cast<std::uint32_t>(elements.size()));
    for (const auto& element : elements) write(*this, element);
  }
  Bytes take() && { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// One line of text as people write names: valid UTF-8 without control characters.
inline bool is_line(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return is_valid_utf8(text);
}

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
                  before_ + bytes_.size(),
                  count - (bytes_.size() - at_));
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  Result<Uuid> uuid() { return Uuid::of_bytes(TRY(raw(16))); }
  Result<Digest> digest() {
    const auto raw_bytes = TRY(raw(sizeof(Digest::bytes)));
    Digest digest;
    std::copy(raw_bytes.begin(), raw_bytes.end(), digest.bytes.begin());
    return digest;
  }
  /// True for 1, false for 0; nothing else has a meaning.
  Result<bool> flag() {
    const auto byte = TRY(number<std::uint8_t>());
    if (byte > 1) return refuse("neither yes (1) nor no (0)");
    return byte == 1;
  }
  Result<std::string> line(std::size_t least, std::size_t most) {
    const auto text = TRY(counted(most));
    if (text.size() < least) return refuse("a text is missing");
    if (!is_line(text)) return refuse("the text before is not one line of UTF-8");
    return std::string(text);
  }
  /// A length-prefixed field, which `read(in)` must read to its end.
  template <typename Read>
  auto field(std::size_t most, Read&& read) -> std::invoke_result_t<Read, ByteReader&> {
    const auto bytes = TRY(counted(most));
    ByteReader in(bytes, what_);
    in.before_ = before_ + at_ - bytes.size();
    auto value = read(in);
    if (!value) return value;
    TRY(in.finish());
    return value;
  }
  /// A counted list that ascends strictly, each element by `read(in)` from at least `entry_bytes`.
  template <typename Read>
  auto ascending_list(std::size_t most, std::size_t entry_bytes, Read&& read)
      -> Result<std::vector<std::decay_t<decltype(*read(std::declval<ByteReader&>()))>>> {
    const auto size = TRY(count(most, entry_bytes));
    std::vector<std::decay_t<decltype(*read(std::declval<ByteReader&>()))>> list;
    list.reserve(size);
    while (list.size() < size) {
      auto element = TRY(read(*this));
      if (!list.empty() && !(list.back() < element))
        return refuse("the list is not in ascending order, or names one thing twice");
      list.push_back(std::move(element));
    }
    return list;
  }
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
  bool is_empty() const { return at_ == bytes_.size(); }
  std::string_view rest() { return bytes_.substr(std::exchange(at_, bytes_.size())); }
  Done finish() const {
    if (at_ != bytes_.size()) return refuse("bytes are left over");
    return {};
  }
  std::unexpected<Error> refuse(std::string_view why) const {
    return fail(ErrorCode::invalid, "{}: at byte {}: {}", what_, before_ + at_, why);
  }

 private:
  std::string_view bytes_;
  std::string_view what_;
  std::size_t at_ = 0;
  std::size_t before_ =
      0;  // bytes of the whole before `bytes_`, so that messages name the place in the whole
};

/// Strictly ascending: sorted, and nothing twice.
template <typename T>
bool strictly_ascends(const std::vector<T>& list) {
  for (std::size_t i = 1; i < list.size(); ++i)
    if (!(list[i - 1] < list[i])) return false;
  return true;
}

}  // namespace shieldwall::policy
