#pragma once
// What two nodes say to each other to find what differs between what one released to the other and what that
// one took: `POST /federation/reconcile`, from version 2 of the protocol on. docs/formats/federation.md.

#include <optional>
#include <vector>

#include "exchange/federation/frames.h"
#include "exchange/reconcile/coded.h"
#include "policy/batch.h"
#include "policy/field_tree.h"

namespace shieldwall::exchange::federation {

inline constexpr std::uint32_t reconcile_from_version = 2;

inline constexpr std::uint32_t symbols_at_once_max = 4'096;  // 150 KB
inline constexpr std::uint32_t symbols_of_part_max =
    65'536;  // some 45,000 differences; more: in smaller parts
inline constexpr std::uint8_t part_bits_step = 4;
inline constexpr std::uint8_t part_bits_max = 16;
inline constexpr std::size_t elements_at_once_max = 4'096;
inline constexpr std::size_t held_bytes_about = 4u << 20;  // statements in one message

enum class ReconcileAsk : std::uint8_t {
  due = 1,      // does the other wish to reconcile?
  symbols = 2,  // of a part of one of its two sets about us
  again = 3,    // of its releases to us we lack these
  give = 4,     // of our statements it holds these, which we do not know
  keep = 5,     // of its statements we hold these, which it does not know
  done = 6,     // both sets were gone through
};

/// Which part of which set, under which key. A part is those elements whose hash under the key begins with
/// these bits.
struct SymbolsWanted {
  bool sent = true;  // the set that the asked one told the asking one; else what it took from it
  reconcile::SessionKey key{};
  std::uint8_t bits = 0;
  std::uint32_t part = 0;  // below 2^bits
  std::uint32_t from = 0;
  std::uint32_t count = 0;
  auto operator<=>(const SymbolsWanted&) const = default;
};

/// A statement that the other one made, as it is held here.
struct HeldStatement {
  policy::SignedStatement statement{};
  std::optional<policy::VersionSecret> secret{};  // opens its commitment to `object`
  Bytes object{};                                 // nothing of what was recalled or is gone
  auto operator<=>(const HeldStatement&) const = default;
};

struct ReconcileRequest {
  ReconcileAsk ask = ReconcileAsk::due;
  SymbolsWanted wanted{};                      // symbols
  std::vector<reconcile::Element> elements{};  // again, give; sorted
  std::vector<HeldStatement> held{};           // keep
  auto operator<=>(const ReconcileRequest&) const = default;
};

struct ReconcileAnswer {
  ReconcileAsk ask = ReconcileAsk::due;
  bool due = false;
  std::uint64_t size = 0;                    // symbols: of the whole set
  std::vector<reconcile::Symbol> symbols{};  // as many as were asked for
  std::uint32_t count = 0;                   // again: queued once more; keep: taken back
  std::vector<HeldStatement> held{};  // give: the first of those asked for, at least one if there is any
  auto operator<=>(const ReconcileAnswer&) const = default;
};

Bytes encode(const ReconcileRequest& request);
Bytes encode(const ReconcileAnswer& answer);
/// Only canonical bytes are taken. errors: invalid, exhausted
Result<ReconcileRequest> decode_reconcile_request(std::string_view bytes);
Result<ReconcileAnswer> decode_reconcile_answer(std::string_view bytes);

}  // namespace shieldwall::exchange::federation
