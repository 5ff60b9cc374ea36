#include "exchange/federation/symbol_source.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::uint32_t first_window = 4'096;

}  // namespace

bool SymbolSource::is_of(const SymbolsWanted& wanted) const {
  return wanted.sent == part_.sent && wanted.key == part_.key && wanted.bits == part_.bits &&
         wanted.part == part_.part;
}

bool SymbolSource::has(std::uint32_t from, std::uint32_t count) const {
  return from >= from_ && from + count <= from_ + window_.size();
}

Result<std::vector<reconcile::Symbol>> SymbolSource::symbols(store::Records& records,
                                                             const Known& known,
                                                             std::uint32_t from,
                                                             std::uint32_t count) {
  if (!has(from, count)) {
    const bool early = from + count <= first_window;
    const auto begin = from < first_window ? 0 : first_window;
    TRY(read(records, known, begin, early ? first_window : symbols_of_part_max));
  }
  const auto first = window_.begin() + (from - from_);
  return std::vector(first, first + count);
}

Done SymbolSource::read(store::Records& records, const Known& known, std::uint32_t from, std::uint32_t end) {
  reconcile::Window window(part_.key, from, end - from);
  std::int64_t size = 0;
  const auto concerns = [&](const OrganisationId& one) { return known.node_of(one) == peer_; };
  TRY(each_entry(records, kind_, concerns, [&](const SetEntry& entry) {
    size += entry.sign;
    if (part_.bits == 0 || hash_of(part_.key, entry.element) >> (64 - part_.bits) == part_.part)
      window.add(entry.element, entry.sign);
  }));
  size_ = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0));
  from_ = from;
  window_ = window.symbols();
  return {};
}

}  // namespace shieldwall::exchange::federation
