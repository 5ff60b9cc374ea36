#include "ledger/api_root.h"

#include <algorithm>
#include <array>

#include "api/fields.h"
#include "base/text.h"
#include "ledger/decoded.h"
#include "model/json_writer.h"

namespace shieldwall::ledger {

namespace {

constexpr std::size_t root_name_bytes_max = 64;  // one segment of every URL
constexpr std::array<std::string_view, 13> taken = {"api",
                                                    "assets",
                                                    "attributes",
                                                    "docs",
                                                    "events",
                                                    "feeds",
                                                    "healthz",
                                                    "metrics",
                                                    "openapi.json",
                                                    "readyz",
                                                    "servers",
                                                    "taxii2",
                                                    "users"};

}  // namespace

bool is_api_root_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= root_name_bytes_max && name.front() != '.' &&
         std::ranges::all_of(name, allowed) && std::ranges::find(taken, to_lower_ascii(name)) == taken.end();
}

Result<Row<ApiRoot>> read_api_root(store::Records& records, std::string_view name) {
  static Decoded<ApiRoot> decoded;
  return decoded.read(records, store::Table::api_root, name, decode_api_root, "API root");
}

Result<std::vector<Row<ApiRoot>>> list_api_roots(store::Records& records) {
  auto rows = TRY(scan_rows(records, store::Table::api_root, "", decode_api_root, api_roots_max));
  std::ranges::stable_sort(rows, {}, [](const auto& row) { return row.value.created; });
  return rows;
}

Result<std::vector<store::Write>> writes_of(store::Records& records,
                                            const ApiRoot& root,
                                            std::uint64_t revision) {
  if (!is_api_root_name(root.name))
    return fail(
        ErrorCode::invalid,
        "'{}' cannot name an API root: use letters, digits, '-', '_' and '.', at most {}, and none of: {}",
        excerpt(root.name),
        root_name_bytes_max,
        fmt::join(taken, ", "));
  TRY(check_line(root.title, "the title", 1, name_bytes_max));
  TRY(check_text(root.description, "the description", description_bytes_max));
  if (root.max_content_length == 0) return fail(ErrorCode::invalid, "max_content_length must be positive");
  const auto write = [](const ApiRoot& value, std::uint64_t expected) {
    return store::Write{
        .table = store::Table::api_root, .key = value.name, .value = encode(value), .expected = expected};
  };
  std::vector<store::Write> writes = {write(root, revision)};
  if (!root.is_default) return writes;
  for (auto& other : TRY(list_api_roots(records))) {
    if (!other.value.is_default || other.value.name == root.name) continue;
    other.value.is_default = false;
    writes.push_back(write(other.value, other.revision));
  }
  return writes;
}

Bytes encode(const ApiRoot& root) {
  model::JsonWriter out;
  out.begin_object();
  out.member("name", root.name);
  out.member("title", root.title);
  out.member("description", root.description);
  out.member("max_content_length", root.max_content_length);
  out.member("default", root.is_default);
  if (root.everything) out.member("everything", root.everything->text());
  out.member("created", to_text(root.created));
  out.end_object();
  return std::move(out).text();
}

Result<ApiRoot> decode_api_root(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(api::Fields::of(document.root(), "API root"));
  ApiRoot root;
  root.name = TRY(fields.text("name"));
  root.title = TRY(fields.text("title"));
  root.description = TRY(fields.text("description"));
  root.max_content_length = static_cast<std::uint64_t>(TRY(fields.number("max_content_length")));
  root.is_default = TRY(fields.flag("default", false));
  root.everything = TRY(fields.optional_parsed<CircleId>("everything"));
  root.created = TRY(fields.optional_time("created")).value_or(Timestamp{});
  return root;
}

}  // namespace shieldwall::ledger
