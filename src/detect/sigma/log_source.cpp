#include "detect/sigma/log_source.h"

#include "base/text.h"
#include "detect/sigma/read_parts.h"
#include "detect/sigma/share.h"
#include "detect/sigma/yaml.h"

namespace shieldwall::detect::sigma {

namespace {

Done read_when(const Yaml& when, LogRow& row) {
  for (std::size_t i = 0; i < when.items.size(); ++i) {
    auto values = TRY(read_texts(when.items[i], "when"));
    for (auto& value : values) value = to_lower_ascii(value);
    row.when.emplace_back(when.keys[i], std::move(values));
  }
  return {};
}

Result<LogRow> read_row(const Yaml& node) {
  if (!node.is(YamlKind::map)) return fail(ErrorCode::invalid, "line {}: is not a map", node.line);
  LogRow row{.source = TRY(read_logsource(node))};
  if (const Yaml* const when = node.find("when")) TRY(read_when(*when, row));
  if (const Yaml* const present = node.find("present")) row.present = TRY(read_texts(*present, "present"));
  if (const Yaml* const fields = node.find("fields"))
    for (std::size_t i = 0; i < fields->items.size(); ++i)
      row.fields.emplace_back(fields->keys[i], fields->items[i].text);
  if (row.when.empty() && row.present.empty())
    return fail(
        ErrorCode::invalid, "line {}: neither 'when' nor 'present': every event would be it", node.line);
  return row;
}

}  // namespace

Result<std::vector<LogRow>> read_log_rows(std::string_view yaml) {
  const auto documents = TRY(read_yaml(yaml));
  std::vector<LogRow> rows;
  for (const auto& document : documents) {
    const Yaml* const sources = document.find("sources");
    if (sources == nullptr || !sources->is(YamlKind::list))
      return fail(ErrorCode::invalid, "line {}: has no list of sources", document.line);
    for (const auto& node : sources->items) rows.push_back(TRY(read_row(node)));
  }
  return rows;
}

std::span<const LogRow> built_in_log_rows() {
  static const std::vector<LogRow> all = [] {
    std::vector<LogRow> rows;
    for (const auto text : shared_log_sources()) {
      auto some = read_log_rows(text);
      if (!some) std::abort();  // our own data; a test reads it
      rows.insert(rows.end(), some->begin(), some->end());
    }
    return rows;
  }();
  return all;
}

std::vector<std::size_t> rows_of(const LogSource& wanted, std::span<const LogRow> rows) {
  std::vector<std::size_t> same, part;
  const auto fits = [](const std::string& want, const std::string& have) {
    return want.empty() || want == have;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& source = rows[i].source;
    if (source == wanted) same.push_back(i);
    if (fits(wanted.category, source.category) && fits(wanted.product, source.product) &&
        fits(wanted.service, source.service))
      part.push_back(i);
  }
  return same.empty() ? part : same;
}

}  // namespace shieldwall::detect::sigma
