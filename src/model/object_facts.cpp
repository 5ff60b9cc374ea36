#include "model/object_facts.h"

#include <algorithm>
#include <charconv>

#include "model/pattern.h"

namespace shieldwall::model {

namespace {

std::string_view text_of(const Json& object, std::string_view name) {
  const auto value = object.find(name);
  return value && value->is(JsonKind::string) ? value->string() : std::string_view{};
}

}  // namespace

std::optional<int> confidence_of(const Json& object) {
  const auto value = object.find("confidence");
  if (!value || !value->is(JsonKind::number)) return {};
  double number = 0;
  const auto text = value->number();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return static_cast<int>(std::clamp(number, 0.0, 100.0));
}

namespace {

/// Collects references; recursion ends at the depth that the parser allowed.
class ReferenceCollector {
 public:
  /// @param path  of `object`, with a dot at its end
  void walk(const Json& object, const std::string& path) {
    for (const Json member : object) {
      const auto key = member.key();
      const bool skipped = key == "created_by_ref" || key == "object_marking_refs" ||
                           key == "granular_markings" || key == "objects";
      if (!(path.empty() && skipped)) take(member, key, path);
    }
  }
  std::vector<Reference> references;

 private:
  void take(const Json& value, std::string_view key, const std::string& path) {
    switch (value.kind()) {
      case JsonKind::string:
        if (key.ends_with("_ref")) add(value, key, path);
        break;
      case JsonKind::object:
        walk(value, path + std::string(key) + ".");
        break;
      case JsonKind::array:
        for (const Json element : value) {
          if (element.is(JsonKind::object))
            walk(element, path + std::string(key) + ".");
          else if (element.is(JsonKind::string) && key.ends_with("_refs"))
            add(element, key, path);
        }
        break;
      default:
        break;
    }
  }
  void add(const Json& value, std::string_view key, const std::string& path) {
    if (auto id = ObjectId::parse(value.string()))
      references.push_back({path + std::string(key), std::move(*id)});
  }
};

/// Which property of which observable holds a value of which kind.
struct ValueRow {
  std::string_view type, property;
  ValueKind kind;
};
constexpr ValueRow value_rows[] = {
    {"domain-name", "value", ValueKind::domain},
    {"url", "value", ValueKind::url},
    {"artifact", "url", ValueKind::url},
    {"email-addr", "value", ValueKind::email},
    {"mac-addr", "value", ValueKind::mac},
    {"file", "name", ValueKind::file_name},
    {"directory", "path", ValueKind::file_path},
    {"mutex", "name", ValueKind::mutex},
    {"windows-registry-key", "key", ValueKind::registry_key},
    {"x509-certificate", "serial_number", ValueKind::cert_serial},
};

struct HashRow {
  std::string_view algorithm;
  ValueKind kind;
};
constexpr HashRow hash_rows[] = {{"MD5", ValueKind::md5},
                                 {"SHA-1", ValueKind::sha1},
                                 {"SHA-256", ValueKind::sha256},
                                 {"SHA-512", ValueKind::sha512}};

class ValueCollector {
 public:
  void observable(const Json& object) {
    const auto type = text_of(object, "type");
    for (const ValueRow& row : value_rows)
      if (row.type == type) add(row.kind, text_of(object, row.property));
    if (type == "ipv4-addr" || type == "ipv6-addr") address(text_of(object, "value"));
    if (type == "autonomous-system")
      if (const auto number = object.find("number"); number && number->is(JsonKind::number))
        add(ValueKind::asn, number->number());
    if (const auto hashes = object.find("hashes"); hashes && hashes->is(JsonKind::object))
      for (const HashRow& row : hash_rows) add(row.kind, text_of(*hashes, row.algorithm));
    if (type == "network-traffic") user_agent(object);
  }

  void pattern(std::string_view text) {
    if (auto found = equality_values(text)) add_all(std::move(*found));
  }
  void add_all(std::vector<CanonicalValue> found) { std::ranges::move(found, std::back_inserter(values_)); }

  std::vector<CanonicalValue> take() {
    std::ranges::sort(values_);
    const auto repeated = std::ranges::unique(values_);
    values_.erase(repeated.begin(), repeated.end());
    return std::move(values_);
  }

 private:
  void add(ValueKind kind, std::string_view text) {
    if (text.empty()) return;
    if (auto value = canonical(kind, text)) values_.push_back(std::move(*value));
  }
  void address(std::string_view text) {
    const bool v6 = text.contains(':');
    const bool network = text.contains('/');
    add(v6 ? (network ? ValueKind::ipv6_cidr : ValueKind::ipv6)
           : (network ? ValueKind::ipv4_cidr : ValueKind::ipv4),
        text);
  }
  void user_agent(const Json& object) {
    const auto extensions = object.find("extensions");
    const auto request = extensions ? extensions->find("http-request-ext") : std::nullopt;
    const auto headers = request ? request->find("request_header") : std::nullopt;
    const auto agents = headers ? headers->find("User-Agent") : std::nullopt;
    if (!agents) return;
    if (agents->is(JsonKind::string)) add(ValueKind::user_agent, agents->string());
    const Json list = *agents;
    if (list.is(JsonKind::array))
      for (const Json agent : list)
        if (agent.is(JsonKind::string)) add(ValueKind::user_agent, agent.string());
  }

  std::vector<CanonicalValue> values_;
};

}  // namespace

std::vector<Reference> references_of(const Json& object) {
  ReferenceCollector collector;
  collector.walk(object, "");
  return std::move(collector.references);
}

std::vector<CanonicalValue> values_of(const Json& object,
                                      SpecVersion version,
                                      const std::optional<Pattern>& pattern) {
  ValueCollector collector;
  const auto type = text_of(object, "type");
  if (type == "indicator") {
    const bool stix = text_of(object, "pattern_type") == "stix" || version == SpecVersion::v2_0;
    if (stix && pattern)
      collector.add_all(equality_values(*pattern));
    else if (stix)
      collector.pattern(text_of(object, "pattern"));
  } else if (type == "observed-data") {
    const auto container = object.find("objects");
    if (container && container->is(JsonKind::object)) {
      const Json members = *container;
      for (const Json member : members) collector.observable(member);
    }
  } else {
    collector.observable(object);
  }
  return collector.take();
}

}  // namespace shieldwall::model
