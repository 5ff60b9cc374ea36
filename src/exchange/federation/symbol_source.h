#pragma once
// The coded symbols of one part of one of this node's sets about a peer.

#include <span>

#include "exchange/federation/reconcile_frames.h"
#include "exchange/federation/sets.h"

namespace shieldwall::exchange::federation {

/// Reads the set once for every window of symbols that it is asked about, and keeps the last window: 160 KB
/// for the first 4,096, which tell some 2,900 differences; 2.6 MB for those behind.
class SymbolSource {
 public:
  SymbolSource(SetKind kind, const OrganisationId& peer, const SymbolsWanted& part)
      : kind_(kind), peer_(peer), part_(part) {}

  /// Whether it is about the same part under the same key.
  bool is_of(const SymbolsWanted& wanted) const;
  /// errors: as Records
  Result<std::vector<reconcile::Symbol>> symbols(store::Records& records,
                                                 const Known& known,
                                                 std::uint32_t from,
                                                 std::uint32_t count);
  /// Elements of the whole set, as it was read last.
  std::uint64_t size() const { return size_; }
  bool has(std::uint32_t from, std::uint32_t count) const;

 private:
  Done read(store::Records& records, const Known& known, std::uint32_t from, std::uint32_t end);

  SetKind kind_;
  OrganisationId peer_;
  SymbolsWanted part_;
  std::uint64_t size_ = 0;
  std::uint32_t from_ = 0;
  std::vector<reconcile::Symbol> window_{};
};

}  // namespace shieldwall::exchange::federation
