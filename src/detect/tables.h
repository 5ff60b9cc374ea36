#pragma once
// What a Matcher holds; for the files that make one and for scanner.cpp.

#include <bitset>
#include <unordered_set>

#include "base/hash.h"
#include "detect/matcher.h"
#include "detect/packed/indicator_rows.h"
#include "detect/packed/literal_packer.h"
#include "model/address.h"

namespace shieldwall::detect {

/// Indicators that were compiled together, and their literals.
struct Layer {
  LiteralImage literals;
  std::vector<Indicator> indicators;  // of a compiled layer; else
  IndicatorRows rows;                 // of a loaded one
  std::vector<Unused> unused;
  std::vector<int> v4_bits, v6_bits;  // prefix lengths in use, in the space of model::Address
  std::vector<std::uint32_t>
      patterns;  // indicators, ascending, whose patterns say more than values; none revoked
  std::shared_ptr<const void> memory;  // what literals and rows look into
  std::size_t bytes = 0;               // of it, without the text of a file

  std::size_t size() const { return indicators.empty() ? rows.size() : indicators.size(); }
  Indicator indicator(std::size_t number) const {
    return indicators.empty() ? rows.at(number) : indicators[number];
  }
};

using IdSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

inline constexpr std::size_t layers_max = 3;

/// A layer as one matcher uses it.
struct LayerUse {
  std::shared_ptr<const Layer> layer = {};
  std::uint32_t first = 0;                      // the matcher's number of its first indicator
  std::shared_ptr<const IdSet> withdrawn = {};  // ids that hit no longer; may be null
};

struct MatcherTables {
  Timestamp now;                      // stands for the time of events that tell none
  HashKey key;                        // of all layers
  std::vector<LayerUse> layers;       // the base, then what was changed since: at most layers_max
  std::vector<int> v4_bits, v6_bits;  // of all layers; longest first
  std::bitset<literal_kinds> kinds;   // of all layers

  std::size_t indicator_count() const {
    return layers.empty() ? 0 : layers.back().first + layers.back().layer->size();
  }
  /// The layer that holds this indicator of the matcher. `number` is below indicator_count().
  const LayerUse& layer_of(std::size_t number) const {
    std::size_t at = layers.size() - 1;
    while (layers[at].first > number) --at;
    return layers[at];
  }
};

/// False: no layer looks for this address or for a network that holds it.
inline bool may_hold_v4(const MatcherTables& tables, std::uint32_t address) {
  for (const auto& use : tables.layers)
    if (use.layer->literals.addresses.may_hold(address)) return true;
  return false;
}

/// The same of a key in the filters.
inline bool may_hold_hash(const MatcherTables& tables, std::uint64_t hash) {
  for (const auto& use : tables.layers)
    if (use.layer->literals.may_hold(hash)) return true;
  return false;
}

/// What is asked of the filters before an IPv6 address is.
inline std::uint64_t head_hash(const MatcherTables& tables, const model::Address& address) {
  return literal_hash(tables.key,
                      LiteralKind::network_head,
                      {reinterpret_cast<const char*>(address.bytes.data()), network_head_bytes});
}
inline bool may_hold_v6(const MatcherTables& tables, const model::Address& address) {
  if (tables.v6_bits.empty()) return false;
  const bool wide = tables.v6_bits.back() < static_cast<int>(8 * network_head_bytes);  // longest first
  return wide || may_hold_hash(tables, head_hash(tables, address));
}

/// The same of a name, in lower case and without a dot at its end, and those above it.
inline std::uint64_t tail_hash(const MatcherTables& tables, std::string_view name) {
  return literal_hash(tables.key, LiteralKind::domain_tail, domain_tail(name));
}

struct MatcherAccess {
  static Matcher of(std::shared_ptr<const MatcherTables> tables) { return Matcher(std::move(tables)); }
  static const MatcherTables& tables(const Matcher& matcher) { return *matcher.tables_; }
};

/// Fills in what is of all layers.
std::shared_ptr<const MatcherTables> joined(Timestamp now, const HashKey& key, std::vector<LayerUse> layers);

std::shared_ptr<const Layer> compile_layer(std::vector<Indicator> indicators,
                                           Timestamp now,
                                           const HashKey& key);

/// The key of a network in the table.
struct NetworkKey {
  char bytes[17];
  std::size_t size;
  std::string_view view() const { return {bytes, size}; }
};
NetworkKey network_key(const model::Address& masked, int bits);

}  // namespace shieldwall::detect
