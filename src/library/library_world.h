#pragma once
// For this room's tests: two members, a stranger and a circle; objects to put; answers as JSON.

#include <string>

#include "library/library.h"
#include "node_world.h"

namespace shieldwall::library {

struct World : tests::NodeWorld {
  explicit World(std::uint64_t seed = 7) : NodeWorld(routes(), seed) {}

  OrganisationId cert = organisation("cert");
  OrganisationId company = organisation("company");
  OrganisationId stranger = organisation("stranger");
  CircleId circle_id = circle(
      "c", {cert, company}, [](ledger::Circle& circle) { circle.label.unmarked = policy::Tlp::amber; });

  api::Caller at_cert() { return caller(cert); }
  api::Caller at_company() { return caller(company); }
  api::Caller at_stranger() { return caller(stranger); }
};

/// What the member lets return of what it saw.
inline void choose(tests::NodeWorld& world,
                   const CircleId& circle,
                   const OrganisationId& member,
                   ledger::SightingChoice choice) {
  world.change_circle(circle, [&](ledger::Circle& changed) {
    for (auto& one : changed.members)
      if (one.organisation == member) one.sightings = choice;
  });
}

inline std::string indicator_id(int number) {
  return fmt::format("indicator--00000000-0000-4000-8000-{:012}", number);
}

/// An indicator with that number, at that minute's version; `extra` are more members, with a comma before.
inline std::string indicator(int number, int version = 0, std::string_view extra = {}) {
  return fmt::format(
      R"({{"type":"indicator","spec_version":"2.1","id":"{}","created":"2020-01-01T00:00:00.000Z",)"
      R"("modified":"2020-01-01T00:{:02}:00.000Z","name":"name{}","indicator_types":["unknown"],)"
      R"("pattern":"[domain-name:value = 'h{}.example']","pattern_type":"stix",)"
      R"("valid_from":"2020-01-01T00:00:00Z"{}}})",
      indicator_id(number),
      version,
      number,
      number,
      extra);
}

inline std::string malware_id(int number) {
  return fmt::format("malware--00000000-0000-4000-8000-{:012}", number);
}

inline std::string malware(int number) {
  return fmt::format(
      R"({{"type":"malware","spec_version":"2.1","id":"{}","created":"2020-01-01T00:00:00.000Z",)"
      R"("modified":"2020-01-01T00:00:00.000Z","name":"family {}","is_family":true}})",
      malware_id(number),
      number);
}

inline std::string relationship(int number, const std::string& source, const std::string& target) {
  return fmt::format(
      R"({{"type":"relationship","spec_version":"2.1","id":"relationship--00000000-0000-4000-8000-{:012}",)"
      R"("created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z",)"
      R"("relationship_type":"indicates","source_ref":"{}","target_ref":"{}"}})",
      number,
      source,
      target);
}

inline std::string bundle(const std::vector<std::string>& objects) {
  std::string text = R"({"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[)";
  for (const auto& object : objects) text += (text.back() == '[' ? "" : ",") + object;
  return text + "]}";
}

/// A JSON answer, with what tests want from it.
class Answer {
 public:
  explicit Answer(const net::Response& response) : status(response.status), document_(parsed(response)) {}

  int status;

  model::Json root() const { return document_.root(); }
  bool has(std::string_view name) const { return root().find(name).has_value(); }
  std::string text(std::string_view name) const { return text_in(root(), name); }
  /// A number or flag, as written.
  std::string raw(std::string_view name) const {
    const auto found = root().find(name);
    return found ? std::string(found->raw()) : "";
  }
  /// The string `name` of each element of `list`.
  std::vector<std::string> texts(std::string_view list, std::string_view name) const {
    std::vector<std::string> all;
    const auto found = root().find(list);
    if (!found) return all;
    for (const auto element : *found) all.push_back(text_in(element, name));
    return all;
  }
  std::vector<std::string> ids() const { return texts("objects", "id"); }
  std::vector<std::string> statuses() const { return texts("objects", "status"); }

 private:
  static std::string text_in(const model::Json& object, std::string_view name) {
    const auto found = object.find(name);
    if (!found) return "";
    return std::string(found->is(model::JsonKind::string) ? found->string() : found->raw());
  }
  static model::JsonDocument parsed(const net::Response& response) {
    auto document =
        model::JsonDocument::parse(std::string(response.bytes().empty() ? "{}" : response.bytes()));
    INFO(std::string(response.bytes()));
    REQUIRE(document);
    return std::move(*document);
  }

  model::JsonDocument document_;
};

using Texts = std::vector<std::string>;

}  // namespace shieldwall::library
