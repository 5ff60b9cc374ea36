#include "detect/packed/indicator_rows.h"

#include "detect/packed/cursor.h"

namespace shieldwall::detect {

namespace {

constexpr int no_confidence = 255;
constexpr unsigned is_revoked = 1;  // of a row's flags

}  // namespace

Result<IndicatorRows> IndicatorRows::over(std::string_view bytes) {
  Cursor cursor(bytes);
  IndicatorRows rows;
  const auto size = cursor.fixed<std::uint64_t>();
  if (size >= bytes.size() / 8) return fail(ErrorCode::corrupt, "there are fewer indicators than are said");
  rows.size_ = static_cast<std::size_t>(size);
  rows.offsets_ = cursor.bytes(8 * (size + 1));
  const auto sources = cursor.varint();
  for (std::uint64_t i = 0; i < sources && cursor.good(); ++i) rows.sources_.emplace_back(cursor.text());
  if (!cursor.good()) return fail(ErrorCode::corrupt, "the sources of indicators are cut short");
  rows.rows_ = cursor.rest();
  return rows;
}

std::uint64_t IndicatorRows::offset(std::size_t number) const {
  std::uint64_t at;
  std::memcpy(&at, offsets_.data() + 8 * number, 8);
  return at;
}

Indicator IndicatorRows::at(std::size_t number) const {
  if (number >= size_) return {};
  const auto begin = offset(number), end = offset(number + 1);
  if (begin > end || end > rows_.size()) return {};
  Cursor cursor(rows_.substr(begin, end - begin));
  Indicator out;
  const auto source = cursor.varint();
  out.source = source < sources_.size() ? sources_[source] : "";
  out.id = cursor.text();
  out.name = cursor.text();
  out.pattern = cursor.text();
  out.valid_from = Timestamp{cursor.fixed<std::int64_t>()};
  out.valid_until = Timestamp{cursor.fixed<std::int64_t>()};
  const auto confidence = cursor.fixed<std::uint8_t>();
  if (confidence != no_confidence) out.confidence = confidence;
  out.revoked = (cursor.fixed<std::uint8_t>() & is_revoked) != 0;
  const auto values = cursor.varint();
  for (std::uint64_t i = 0; i < values && cursor.good(); ++i) {
    const auto kind = static_cast<model::ValueKind>(cursor.fixed<std::uint8_t>());
    out.values.push_back({kind, std::string(cursor.text())});
  }
  return cursor.good() ? out : Indicator{};
}

void IndicatorRowsWriter::add(const Indicator& indicator) {
  offsets_.push_back(rows_.size());
  put_varint(rows_, sources_.emplace(indicator.source, sources_.size()).first->second);
  put_text(rows_, indicator.id);
  put_text(rows_, indicator.name);
  put_text(rows_, indicator.pattern);
  put_fixed(rows_, indicator.valid_from.us);
  put_fixed(rows_, indicator.valid_until.us);
  rows_ += static_cast<char>(indicator.confidence.value_or(no_confidence));
  rows_ += static_cast<char>(indicator.revoked ? is_revoked : 0);
  put_varint(rows_, indicator.values.size());
  for (const auto& value : indicator.values) {
    rows_ += static_cast<char>(value.kind);
    put_text(rows_, value.text);
  }
}

std::string IndicatorRowsWriter::finish() && {
  std::string out;
  put_fixed(out, static_cast<std::uint64_t>(offsets_.size()));
  for (const auto offset : offsets_) put_fixed(out, offset);
  put_fixed(out, static_cast<std::uint64_t>(rows_.size()));
  std::vector<std::string_view> sources(sources_.size());
  for (const auto& [source, number] : sources_) sources[number] = source;
  put_varint(out, sources.size());
  for (const auto source : sources) put_text(out, source);
  return out += rows_;
}

}  // namespace shieldwall::detect
