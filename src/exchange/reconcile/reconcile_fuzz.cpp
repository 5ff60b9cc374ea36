// What a peer says in a reconciliation, and what stands in a row of a set: the first byte chooses the reader.
// What a reader takes, it writes the same again; whatever symbols come, decoding them ends.

#include <algorithm>
#include <cstdlib>

#include "exchange/federation/reconcile_frames.h"
#include "exchange/federation/sets.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::exchange::federation;
using namespace shieldwall::exchange::reconcile;

template <typename T>
void same_again(const Result<T>& read, std::string_view bytes) {
  if (read && encode(*read) != bytes) std::abort();
}

/// Symbols as they come, 36 bytes each, a few at a time.
void symbols(std::string_view bytes) {
  const SessionKey key{};
  Decoder decoder(key);
  std::vector<Symbol> some;
  for (std::size_t at = 0; at + 36 <= bytes.size(); at += 36) {
    Symbol symbol;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 24, symbol.sum.bytes.begin());
    // Whoever knows the key makes hashes that fit: the fuzzer could not guess them.
    symbol.hashes =
        bytes[at + 24] % 2 == 0 ? hash_of(key, symbol.sum) : static_cast<std::uint8_t>(bytes[at + 25]);
    symbol.count = static_cast<std::int8_t>(bytes[at + 35]);
    some.push_back(symbol);
    if (bytes[at + 26] % 4 != 0) continue;
    if (!decoder.add(some, std::vector<Symbol>(some.size()))) return;
    if (decoder.theirs().size() + decoder.ours().size() > decoder.symbols()) std::abort();
    some.clear();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      same_again(decode_reconcile_request(bytes), bytes);
      break;
    case 1:
      same_again(decode_reconcile_answer(bytes), bytes);
      break;
    case 2:
      if (const auto row = decode_set_row(bytes); row && encode_set_row(*row) != bytes) std::abort();
      break;
    default:
      symbols(bytes);
  }
  return 0;
}
