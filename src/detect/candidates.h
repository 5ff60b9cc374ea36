#pragma once
// Keys that stand in a block of lines, asked of a matcher's tables together: the memory that one wants is
// asked for while others are still being found.

#include <optional>
#include <string_view>
#include <vector>

#include "detect/dotted_quads.h"
#include "detect/readers/arena.h"
#include "detect/tables.h"

namespace shieldwall::detect {

class Candidates {
 public:
  explicit Candidates(const MatcherTables& tables)
      : tables_(tables),
        base_(tables.layers.front().layer->literals),
        v4_(!tables.v4_bits.empty()),
        v6_(!tables.v6_bits.empty()) {}

  void clear();
  /// How many were added since.
  std::size_t size() const { return quads_.size() + v4s_.size() + v6s_.size() + keys_.size() + urls_.size(); }

  // What is given stays where it is until the block is done. `line` is a number of the caller's.

  [[gnu::always_inline]] void add_v4(std::uint32_t address, std::uint32_t line) {
    if (!v4_) return;
    base_.addresses.prefetch(address);
    v4s_.push_back({address, line});
  }
  /// A text of digits and dots that does not begin with a dot, up to DottedQuad::size_max bytes; `marks` as
  /// there. What is no address is nothing that is looked for: no domain ends in a number.
  [[gnu::always_inline]] void add_quad(const char* at, std::uint32_t marks, std::uint32_t line) {
    if (v4_) quads_.push_back({.at = at, .line = line, .marks = static_cast<std::uint16_t>(marks)});
  }
  void add(const model::Address& address, std::uint32_t line) {
    if (address.is_v4()) return add_v4(address.v4(), line);
    if (!v6_) return;
    base_.prefetch(head_hash(tables_, address));
    v6s_.push_back({address, line});
  }
  void add(LiteralKind kind, std::string_view key, std::uint32_t line) {
    add(kind, literal_hash(tables_.key, kind, key), key, line);
  }
  /// A name in lower case without a dot at its end; `tail` is its domain_tail.
  void add_name(std::string_view name, std::string_view tail, std::uint32_t line) {
    add(LiteralKind::domain_tail, literal_hash(tables_.key, LiteralKind::domain_tail, tail), name, line);
  }

  /// A URL of one of `schemes` with a host in lower case and `rest`, its path and query as they stand there;
  /// of those that are not plain only the host is asked.
  enum class Schemes : std::uint8_t { http, https, both, other };
  void add_url(Schemes schemes, std::string_view host, std::string_view rest, std::uint32_t line);

  /// `value` in lower case, a copy where it must be.
  std::string_view lower(std::string_view value, bool has_upper);

  /// What the JSON string `value` means; nothing where it has an escape by number, or one that is none.
  std::optional<std::string_view> unescaped(std::string_view value);

  /// Calls `found(line)` where a key is looked for.
  template <typename Found>
  void ask(Found&& found) {
    take_quads();
    make_probes();
    for (const auto& probe : probes_)
      if (finds(probe)) found(probe.line);
    for (const auto& one : urls_)
      if (may_hold_hash(tables_, one.host_hash) && finds(one)) found(one.line);
  }

 private:
  struct V4 {
    std::uint32_t address, line;
  };
  struct V6 {
    model::Address address;
    std::uint32_t line;
  };
  struct Key {
    std::uint64_t hash;
    const char* at;
    std::uint32_t size;
    std::uint32_t line;
    LiteralKind kind;
    std::string_view view() const { return {at, size}; }
  };
  struct Url {
    std::uint64_t host_hash;
    std::string_view host, rest;
    std::uint32_t line;
    Schemes schemes;
  };

  void add(LiteralKind kind, std::uint64_t hash, std::string_view key, std::uint32_t line) {
    base_.prefetch(hash);
    keys_.push_back({hash, key.data(), static_cast<std::uint32_t>(key.size()), line, kind});
  }
  void take_quads();
  void make_probes();
  void probe(const model::Address& address, std::uint32_t line);
  void probe_names(std::string_view name, std::uint32_t line);
  void probe(const Key& key) {
    base_.prefetch(key.hash);
    probes_.push_back(key);
  }
  bool finds(const Key& key) const;
  bool finds(LiteralKind kind, std::string_view key) const;
  bool finds(const Url& url) const;

  const MatcherTables& tables_;
  const LiteralImage& base_;  // where nearly all is
  bool v4_, v6_;
  std::vector<DottedQuad> quads_;
  std::vector<V4> v4s_;
  std::vector<V6> v6s_;
  std::vector<Key> keys_;
  std::vector<Url> urls_;
  std::vector<Key>
      probes_;  // keys that some filter holds: those above a name, and the networks of an address, too
  Arena arena_;
};

}  // namespace shieldwall::detect
