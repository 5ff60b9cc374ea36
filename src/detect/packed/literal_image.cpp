#include "detect/packed/literal_image.h"

#include "detect/packed/cursor.h"

namespace shieldwall::detect {

namespace {

/// The slots of a line that hold this remainder, one bit each.
unsigned slots_with(const TableLine& line, std::uint64_t remainder) {
  unsigned found = 0;
  for (unsigned slot = 0; slot < line_slots; ++slot) {
    std::uint64_t word;  // of the last slot its upper bytes are `text`, which the shift drops
    std::memcpy(&word, reinterpret_cast<const char*>(&line) + 5 * slot, sizeof word);
    found |= (word << 24 == remainder << 24 ? 1u : 0u) << slot;
  }
  return found;
}

/// One literal and who looks for it.
struct TextRecord {
  std::uint64_t kind = 0;
  std::string_view key;
  Postings indicators;
};

TextRecord next_record(Cursor& cursor) {
  TextRecord record;
  record.key = cursor.text();
  record.kind = cursor.fixed<std::uint8_t>();
  const auto count = cursor.varint();
  const auto numbers = cursor.bytes(count > cursor.rest().size() ? UINT64_MAX : 4 * count);
  record.indicators = Postings(numbers.data(), numbers.size() / 4);
  return record;
}

}  // namespace

Postings LiteralImage::find_in_lines(std::uint64_t hash, LiteralKind kind, std::string_view wanted) const {
  const auto sought = remainder(hash);
  for (auto at = scaled(hash, homes); at < lines.size(); ++at) {
    const auto& line = lines[at];
    if (const auto slots = slots_with(line, sought); slots != 0) {
      const auto begin = static_cast<std::uint64_t>(line.text & ~line_overflows) * text_block_bytes;
      Cursor cursor(begin <= text.size() ? text.substr(begin) : std::string_view{});
      for (unsigned slot = 0; slots >> slot != 0; ++slot) {
        const auto record = next_record(cursor);
        if (!cursor.good()) break;
        if ((slots >> slot & 1) != 0 && record.kind == static_cast<std::uint64_t>(kind) &&
            record.key == wanted)
          return record.indicators;
      }
    }
    if ((line.text & line_overflows) == 0) break;
  }
  return {};
}

}  // namespace shieldwall::detect
