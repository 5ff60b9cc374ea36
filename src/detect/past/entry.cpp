#include "detect/past/entry.h"

namespace shieldwall::detect::past {

void put_source(std::string& out, const Source& source) {
  put_text(out, source.path);
  put_varint(out, source.head_bytes);
  put_fixed(out, source.head_hash);
  put_varint(out, source.first_line);
  put_varint(out, source.last_line);
  put_varint(out, source.bytes);
  put_varint(out, source.checkpoints.size());
  Checkpoint last{};
  for (const auto& one : source.checkpoints) {
    put_varint(out, one.line - last.line);
    put_varint(out, one.offset - last.offset);
    last = one;
  }
}

bool take_source(Cursor& from, Source& source) {
  source.path = std::string(from.text());
  source.head_bytes = static_cast<std::uint32_t>(from.varint());
  source.head_hash = from.fixed<std::uint64_t>();
  source.first_line = from.varint();
  source.last_line = from.varint();
  source.bytes = from.varint();
  const auto count = from.varint();
  if (!from.good() || count > checkpoints_max || count > from.rest().size()) return false;
  source.checkpoints.clear();
  Checkpoint last{};
  for (std::uint64_t i = 0; i < count; ++i) {
    last.line += from.varint();
    last.offset += from.varint();
    source.checkpoints.push_back(last);
  }
  return from.good();
}

}  // namespace shieldwall::detect::past
