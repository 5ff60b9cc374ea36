#include "ledger/log/entry.h"

#include "ledger/log/tiles.h"
#include "policy/byte_form.h"

namespace shieldwall::ledger {

namespace {

constexpr std::string_view domain = "shieldwall/log-entry/v1\n";
constexpr std::uint8_t hidden = 1;
constexpr std::uint8_t clear = 2;
constexpr std::size_t kind_bytes_max = 64;

}  // namespace

Bytes Commitment::entry() const {
  Sha256 hash;
  hash.add(domain);
  hash.add(salt);
  hash.add(content);
  policy::ByteWriter out;
  out.number(hidden);
  out.digest(hash.finish());
  return std::move(out).take();
}

Commitment commit(Bytes content, Random& random) {
  return {.salt = random.bytes(salt_bytes), .content = std::move(content)};
}

Result<Bytes> clear_entry(std::string_view kind, std::string_view content) {
  policy::ByteWriter out;
  out.number(clear);
  out.counted(kind);
  out.raw(content);
  auto entry = std::move(out).take();
  if (entry.size() > entry_bytes_max || kind.size() > kind_bytes_max)
    return fail(ErrorCode::invalid, "a log entry of {} bytes; at most {}", entry.size(), entry_bytes_max);
  return entry;
}

Result<std::optional<ClearEntry>> read_entry(std::string_view entry) {
  policy::ByteReader in(entry, "log entry");
  const auto form = TRY(in.number<std::uint8_t>());
  if (form == hidden) {
    TRY(in.digest());
    TRY(in.finish());
    return std::optional<ClearEntry>{};
  }
  if (form != clear) return in.refuse("an entry of an unknown form");
  ClearEntry read;
  read.kind = TRY(in.line(1, kind_bytes_max));
  read.content = Bytes(in.rest());
  return std::optional(std::move(read));
}

}  // namespace shieldwall::ledger
