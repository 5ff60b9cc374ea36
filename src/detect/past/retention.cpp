#include "detect/past/retention.h"

#include <limits>

#include "base/text.h"
#include "detect/past/past.h"
#include "model/json.h"

namespace shieldwall::detect::past {

namespace {

constexpr std::uint64_t file_bytes_max = 4096;

template <typename Number>
std::optional<Number> number_in(const model::Json& json, std::string_view name) {
  const auto member = json.find(name);
  if (!member || !member->is(model::JsonKind::number)) return std::nullopt;
  return as_number<Number>(member->number());
}

Result<Retention> read(const std::string& path, Bytes text) {
  const auto damaged = [&] {
    return fail(ErrorCode::corrupt, "{}: damaged: says no longer how long the past is kept", path);
  };
  const auto document = model::JsonDocument::parse(std::move(text));
  if (!document) return damaged();
  const auto days = number_in<std::uint32_t>(document->root(), "days");
  const auto bytes_max = number_in<std::uint64_t>(document->root(), "bytes_max");
  if (!days || !bytes_max) return damaged();
  return Retention{.days = *days, .bytes_max = *bytes_max};
}

/// The default where nothing was said yet.
Result<Retention> said_before(Fs& fs, const std::string& path) {
  auto text = read_file(fs, path, file_bytes_max);
  if (text) return read(path, std::move(*text));
  if (text.error().code == ErrorCode::not_found) return Retention{};
  return fail(std::move(text).error());
}

}  // namespace

Result<Retention> settle_retention(Fs& fs, const PastFolder& folder, const RetentionWish& wish) {
  const auto path = folder.path() + "/retention";
  auto retention = TRY(said_before(fs, path));
  if (!wish.days && !wish.bytes_max) return retention;
  retention.days = wish.days.value_or(retention.days);
  retention.bytes_max = wish.bytes_max.value_or(retention.bytes_max);
  const auto text = fmt::format("{{\"days\":{},\"bytes_max\":{}}}\n", retention.days, retention.bytes_max);
  TRY(write_file_durably(fs, path, text));
  return retention;
}

}  // namespace shieldwall::detect::past
