#include "exchange/taxii/cursor.h"

#include "api/seal.h"

namespace shieldwall::exchange::taxii {

namespace {

constexpr std::size_t place_bytes = 16;

void append_u64(Bytes& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

std::uint64_t u64_at(std::string_view bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (const char byte : bytes.substr(at, 8)) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

std::string cursor_purpose(const api::Caller& caller, std::string_view what, std::string_view filters) {
  return fmt::format("taxii next\n{}\n{}\n{}", caller.account.text(), what, filters);
}

std::string seal_place(const api::Sealer& sealer, std::string_view purpose, const store::Place& place) {
  Bytes content;
  append_u64(content, static_cast<std::uint64_t>(place.added.us));
  append_u64(content, place.sequence);
  return sealer.seal(purpose, content);
}

Result<store::Place> open_place(const api::Sealer& sealer, std::string_view purpose, std::string_view token) {
  const auto content = sealer.open(purpose, token);
  if (!content || content->size() != place_bytes)
    return fail(ErrorCode::invalid,
                "next was not given for this account and these filters; repeat the request that gave it, or "
                "start again without next");
  return store::Place{.added = {static_cast<std::int64_t>(u64_at(*content, 0))},
                      .sequence = u64_at(*content, 8)};
}

}  // namespace shieldwall::exchange::taxii
