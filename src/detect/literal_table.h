#pragma once
// The values looked for, by exact bytes: one open-addressed table behind a bit filter that turns nearly every
// miss away with one load. Built once, then read by all threads.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shieldwall::detect {

/// What a key is; the same bytes mean different things as a domain and as a file name.
enum class LiteralKind : std::uint8_t {
  network,    // sixteen address bytes, then the number of bits
  domain,     // A-labels
  url,        // canonical
  url_host,   // of some URL looked for: asked before a URL is brought into canonical form, which costs more
  hash,       // lower-case hexadecimal of any algorithm: their lengths differ
  email,      // canonical
  file_name,  // case-folded
};
inline constexpr std::size_t literal_kinds = 7;

class LiteralTable {
 public:
  /// Remembers that `indicator` looks for this key. Only before seal().
  void add(LiteralKind kind, std::string_view key, std::uint32_t indicator);
  void seal();

  bool has(LiteralKind kind) const { return counts_[static_cast<std::size_t>(kind)] > 0; }
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const;

  /// The indicators that look for it, ascending; empty when none. Only after seal().
  std::span<const std::uint32_t> find(LiteralKind kind, std::string_view key) const;

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint64_t text_at;
    std::uint32_t text_size;
    std::uint32_t first = 0, count = 0;  // in indicators_, after seal()
  };
  struct Posting {
    std::uint32_t entry, indicator;
  };

  std::size_t slot_of(std::uint64_t hash, std::string_view key) const;
  std::string_view text_of(const Entry& entry) const {
    return {text_.data() + entry.text_at, entry.text_size};
  }
  void grow();

  std::string text_;  // a byte of kind before each key
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // index of an entry plus one; 0 is free
  std::vector<std::uint64_t> filter_;
  std::vector<Posting> postings_;  // until seal()
  std::vector<std::uint32_t> indicators_;
  std::size_t counts_[literal_kinds] = {};
};

}  // namespace shieldwall::detect
