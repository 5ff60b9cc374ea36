#include "detect/readers/field_map.h"

#include <algorithm>
#include <cstdlib>

#include "detect/readers/share.h"
#include "detect/sigma/yaml.h"

namespace shieldwall::detect {

namespace {

using sigma::Yaml;
using sigma::YamlKind;

template <typename T>
struct Word {
  std::string_view text;
  T means;
};

constexpr Word<MapFormat> formats[] = {{"json", MapFormat::json},
                                       {"csv", MapFormat::csv},
                                       {"zeek", MapFormat::zeek},
                                       {"w3c", MapFormat::w3c},
                                       {"cef", MapFormat::cef},
                                       {"leef", MapFormat::leef},
                                       {"evtx", MapFormat::evtx},
                                       {"syslog", MapFormat::syslog},
                                       {"lines", MapFormat::lines}};
constexpr Word<NamedKind> kinds[] = {{"none", NamedKind::none},
                                     {"user_agent", NamedKind::user_agent},
                                     {"mutex", NamedKind::mutex},
                                     {"registry_key", NamedKind::registry_key},
                                     {"asn", NamedKind::asn},
                                     {"cert_serial", NamedKind::cert_serial}};
constexpr Word<Parts> parts[] = {
    {"pairs", Parts::pairs}, {"commas", Parts::commas}, {"colons", Parts::colons}, {"plus", Parts::plus}};

template <typename T, std::size_t size>
Result<T> word_of(const Yaml& node, const Word<T> (&words)[size]) {
  for (const auto& word : words)
    if (word.text == node.text) return word.means;
  return fail(ErrorCode::invalid, "line {}: '{}' is none of the words for it", node.line, node.text);
}

Result<std::vector<std::string>> texts(const Yaml& map, std::string_view key) {
  std::vector<std::string> all;
  const Yaml* const node = map.find(key);
  if (node == nullptr) return all;
  if (node->is(YamlKind::scalar)) all.push_back(node->text);
  for (const auto& item : node->items) {
    if (!node->is(YamlKind::list) || !item.is(YamlKind::scalar))
      return fail(ErrorCode::invalid, "line {}: '{}' is no list of texts", item.line, key);
    all.push_back(item.text);
  }
  return all;
}

Done read_urls(const Yaml& node, FieldMap& map) {
  for (const auto& item : node.items) {
    UrlFields url{.field = {},
                  .host = std::string(item.text_at("host")),
                  .path = std::string(item.text_at("path")),
                  .query = std::string(item.text_at("query"))};
    if (url.host.empty() || url.path.empty())
      return fail(ErrorCode::invalid, "line {}: a URL needs host and path", item.line);
    url.field = url.host + "+" + url.path;
    map.urls.push_back(std::move(url));
  }
  return {};
}

Done read_rewrites(const Yaml& document, FieldMap& map) {
  const auto inside = TRY(texts(document, "inside"));
  for (const auto& name : inside) map.rewrites[name].inside = true;
  if (const Yaml* const node = document.find("parts"))
    for (std::size_t i = 0; i < node->items.size(); ++i)
      map.rewrites[node->keys[i]].parts = TRY(word_of(node->items[i], parts));
  for (const auto& [name, rewrite] : map.rewrites) map.rewritten.set(name_slot(name));
  return {};
}

constexpr int parts_max = 1000;  // of one value; a certificate's names are the longest lists

/// Adds what one field's value is made of, behind all fields.
void add_pairs(const Field field, std::vector<Field>& fields) {
  int count = 0;
  for (auto rest = field.value; !rest.empty() && count < parts_max; ++count) {
    const auto end = std::min(rest.find(','), rest.size());
    const auto pair = rest.substr(0, end);
    if (const auto is = pair.find('='); is != pair.npos) fields.push_back({field.name, pair.substr(is + 1)});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void add_listed(const Field field, std::vector<Field>& fields) {
  int count = 0;
  for (auto rest = field.value; !rest.empty() && count < parts_max; ++count) {
    const auto end = std::min(rest.find(','), rest.size());
    auto one = rest.substr(0, end);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (!one.empty()) fields.push_back({field.name, one});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

std::string_view replaced(std::string_view text, char from, std::string_view to, Arena& arena) {
  if (text.find(from) == text.npos) return text;
  char* const out = arena.take(text.size());
  std::size_t size = 0;
  for (const char c : text) {
    if (c != from)
      out[size++] = c;
    else if (!to.empty())
      out[size++] = to.front();
  }
  return {out, size};
}

}  // namespace

Result<FieldMap> read_field_map(std::string_view yaml) {
  const auto documents = TRY(sigma::read_yaml(yaml));
  if (documents.size() != 1 || !documents.front().is(YamlKind::map))
    return fail(ErrorCode::invalid, "is not one map");
  const auto& document = documents.front();
  FieldMap map;
  map.name = document.text_at("name");
  map.title = document.text_at("title");
  const Yaml* const format = document.find("format");
  if (map.name.empty() || map.title.empty() || format == nullptr)
    return fail(ErrorCode::invalid, "line {}: needs name, title and format", document.line);
  map.format = TRY(word_of(*format, formats));
  map.lines = TRY(texts(document, "lines"));
  map.apps = TRY(texts(document, "apps"));
  map.present = TRY(texts(document, "present"));
  map.times = TRY(texts(document, "time"));
  map.otherwise_text = document.text_at("otherwise") == "text";
  if (map.format == MapFormat::lines && map.lines.empty())
    return fail(ErrorCode::invalid, "{}: has no lines", map.name);
  TRY(check_lines(map));
  if (const Yaml* const urls = document.find("urls")) TRY(read_urls(*urls, map));
  if (const Yaml* const node = document.find("kinds"))
    for (std::size_t i = 0; i < node->items.size(); ++i)
      map.kinds[node->keys[i]] = TRY(word_of(node->items[i], kinds));
  TRY(read_rewrites(document, map));
  return map;
}

std::span<const FieldMap> field_maps() {
  static const std::vector<FieldMap> all = [] {
    std::vector<FieldMap> maps;
    for (const auto text : shared_field_maps()) {
      auto map = read_field_map(text);
      if (!map) std::abort();  // our own data; a test reads it
      maps.push_back(std::move(*map));
    }
    std::ranges::sort(maps, {}, &FieldMap::name);
    return maps;
  }();
  return all;
}

const FieldMap* field_map(std::string_view name) {
  const auto maps = field_maps();
  const auto found = std::ranges::find(maps, name, &FieldMap::name);
  return found == maps.end() ? nullptr : &*found;
}

const FieldMap* map_of(MapFormat format, const Record& record) {
  const FieldMap* best = nullptr;
  for (const auto& map : field_maps()) {
    if (map.format != format || (best != nullptr && best->present.size() >= map.present.size())) continue;
    const bool has_all = std::ranges::all_of(map.present, [&](const std::string& name) {
      return std::ranges::find(record.fields, name, &Field::name) != record.fields.end();
    });
    if (has_all) best = &map;
  }
  return best;
}

NamedKind kind_of(const FieldMap& map, std::string_view name) {
  const auto found = map.kinds.find(name);
  return found == map.kinds.end() ? kind_by_field(name) : found->second;
}

void apply_map(Record& record, Arena& arena) {
  const auto& map = *record.map;
  if (map.rewrites.empty()) return;
  for (std::size_t i = 0, known = record.fields.size(); i < known; ++i) {
    auto& field = record.fields[i];
    if (!map.rewritten.test(name_slot(field.name))) continue;
    const auto found = map.rewrites.find(field.name);
    if (found == map.rewrites.end()) continue;
    field.is_prose = found->second.inside;
    switch (found->second.parts) {
      case Parts::whole:
        break;
      case Parts::pairs:
        add_pairs(field, record.fields);
        break;
      case Parts::commas:
        add_listed(field, record.fields);
        break;
      case Parts::colons:
        field.value = replaced(field.value, ':', "", arena);
        break;
      case Parts::plus:
        field.value = replaced(field.value, '+', " ", arena);
        break;
    }
  }
}

}  // namespace shieldwall::detect
