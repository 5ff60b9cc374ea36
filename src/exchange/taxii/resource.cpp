#include "exchange/taxii/resource.h"

#include <algorithm>

#include "exchange/taxii/media_type.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::taxii {

namespace {

using model::JsonWriter;

std::string url_of(const Discovery& discovery, const ledger::ApiRoot& root) {
  return fmt::format("{}{}/", discovery.base, root.name);
}

void write_title(JsonWriter& out, std::string_view title, std::string_view description) {
  out.member("title", title);
  if (!description.empty()) out.member("description", description);
}

void write(JsonWriter& out, const Collection& collection) {
  out.begin_object();
  out.member("id", collection.id.text());
  write_title(out, collection.title, collection.description);
  if (!collection.alias.empty()) out.member("alias", collection.alias);
  out.member("can_read", collection.can_read);
  out.member("can_write", collection.can_write);
  out.key("media_types");
  out.begin_array();
  for (const auto& type : collection.media_types) out.value(type);
  out.end_array();
  out.end_object();
}

void write_end(JsonWriter& out, const PageEnd& end) {
  out.member("more", end.more);
  if (end.more) out.member("next", end.next);
}

}  // namespace

Bytes discovery_text(const Discovery& discovery) {
  JsonWriter out;
  out.begin_object();
  write_title(out, discovery.names.title, discovery.names.description);
  if (!discovery.names.contact.empty()) out.member("contact", discovery.names.contact);
  const auto chosen = std::ranges::find_if(discovery.roots, &ledger::ApiRoot::is_default);
  if (chosen != discovery.roots.end()) out.member("default", url_of(discovery, *chosen));
  if (!discovery.roots.empty()) {
    out.key("api_roots");
    out.begin_array();
    for (const auto& root : discovery.roots) out.value(url_of(discovery, root));
    out.end_array();
  }
  out.end_object();
  return std::move(out).text();
}

Bytes api_root_text(const ledger::ApiRoot& root) {
  JsonWriter out;
  out.begin_object();
  write_title(out, root.title, root.description);
  out.key("versions");
  out.begin_array();
  out.value(media_type);
  out.end_array();
  out.member("max_content_length", root.max_content_length);
  out.end_object();
  return std::move(out).text();
}

Bytes collections_text(const std::vector<Collection>& collections) {
  JsonWriter out;
  out.begin_object();
  if (!collections.empty()) {  // lists are never empty (section 2)
    out.key("collections");
    out.begin_array();
    for (const auto& collection : collections) write(out, collection);
    out.end_array();
  }
  out.end_object();
  return std::move(out).text();
}

Bytes collection_text(const Collection& collection) {
  JsonWriter out;
  write(out, collection);
  return std::move(out).text();
}

Texts texts_of(const std::pair<std::vector<policy::Holding>, Leaving>& leaving) {
  const auto& [holdings, way] = leaving;
  Texts texts;
  texts.reserve(holdings.size());
  const policy::Label* label = nullptr;  // of `digest`: neighbours mostly have the same
  Digest digest;
  for (const auto& holding : holdings) {
    const bool memorable = way.memo != nullptr && !way.redacted[texts.size()];
    if (is_own(holding.source, way.reader)) {
      texts.push_back(holding.bytes);
    } else if (!memorable) {
      texts.push_back(rewritten(holding));
    } else {
      if (label == nullptr || *label != holding.label) digest = digest_of(holding.label);
      label = &holding.label;
      texts.push_back(way.memo->of(holding, digest));
    }
  }
  return texts;
}

std::shared_ptr<const Bytes> envelope_text(const std::pair<Texts, PageEnd>& page) {
  const auto& [objects, end] = page;
  auto envelope = std::make_shared<Bytes>("{}");
  if (objects.empty()) return envelope;
  auto& text = *envelope;
  text = end.more ? "{\"more\":true,\"next\":" : "{\"more\":false";
  if (end.more) model::append_json_string(text, end.next);
  text += ",\"objects\":[";
  std::size_t bytes = text.size() + 2;
  for (const auto& object : objects) bytes += object ? object->size() + 1 : 0;
  text.reserve(bytes);
  for (const auto& object : objects) {
    if (!object) continue;
    if (text.back() != '[') text += ',';
    text += *object;
  }
  text += "]}";
  return envelope;
}

std::shared_ptr<const Bytes> manifest_text(const std::pair<std::vector<policy::Holding>, PageEnd>& page) {
  const auto& [holdings, end] = page;
  if (holdings.empty()) return std::make_shared<const Bytes>("{}");
  JsonWriter out;
  out.begin_object();
  write_end(out, end);
  out.key("objects");
  out.begin_array();
  for (const auto& holding : holdings) {
    out.begin_object();
    out.member("id", holding.id.text());
    out.member("date_added", to_text(holding.added));
    out.member("version", version_text(holding.version, holding.added));
    out.member("media_type",
               holding.spec_version == model::SpecVersion::v2_0 ? stix_2_0_type : stix_2_1_type);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return std::make_shared<const Bytes>(std::move(out).text());
}

std::shared_ptr<const Bytes> versions_text(const std::pair<std::vector<policy::Holding>, PageEnd>& page) {
  const auto& [holdings, end] = page;
  if (holdings.empty()) return std::make_shared<const Bytes>("{}");
  JsonWriter out;
  out.begin_object();
  write_end(out, end);
  out.key("versions");
  out.begin_array();
  for (const auto& holding : holdings) out.value(version_text(holding.version, holding.added));
  out.end_array();
  out.end_object();
  return std::make_shared<const Bytes>(std::move(out).text());
}

std::string version_text(const model::Version& version, Timestamp added) {
  const auto* const at = std::get_if<Timestamp>(&version);
  if (at == nullptr) return to_text(added);
  return at->us % 1000 == 0 ? to_text_ms(*at) : to_text(*at);  // STIX 2.1 section 3.2: milliseconds at least
}

}  // namespace shieldwall::exchange::taxii
