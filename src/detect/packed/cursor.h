#pragma once
// Reads packed bytes that may be anybody's: past the end there are zeros, and good() says so.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace shieldwall::detect {

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  bool good() const { return good_; }
  std::string_view rest() const { return rest_; }

  std::string_view bytes(std::uint64_t size) {
    if (size > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  template <typename Number>
  Number fixed() {
    Number number{};
    const auto taken = bytes(sizeof number);
    if (good_) std::memcpy(&number, taken.data(), sizeof number);
    return number;
  }

  /// Seven bits a byte, lowest first, the top bit set on all but the last (LEB128).
  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    good_ = false;
    return 0;
  }

  std::string_view text() { return bytes(varint()); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

inline void put_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

template <typename Number>
void put_fixed(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace shieldwall::detect
