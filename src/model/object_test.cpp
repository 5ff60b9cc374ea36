#include "model/object.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

JsonDocument parsed(std::string text) {
  auto document = JsonDocument::parse(std::move(text));
  REQUIRE_MESSAGE(document.has_value(), (document ? "" : document.error().message));
  return *document;
}

Object read(std::string text) {
  const auto document = parsed(std::move(text));
  auto object = read_object(document.root());
  REQUIRE_MESSAGE(object.has_value(), (object ? "" : object.error().findings.front().message));
  return *object;
}

/// "§section pointer" of every finding.
std::vector<std::string> found(std::string text, bool strict = false) {
  std::vector<std::string> lines;
  for (const Finding& finding : check_object(parsed(std::move(text)).root(), {.strict = strict}))
    lines.push_back((finding.severity == Severity::error ? "error " : "warning ") + finding.section + " " +
                    finding.pointer);
  return lines;
}

std::string with(std::string_view more) {
  return R"({"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",)"
         R"("created":"2016-04-06T20:03:48.123Z","modified":"2016-04-06T20:03:48.1234567Z","name":"n","description":"d",)"
         R"("pattern_type":"stix","pattern":"[ipv4-addr:value = '192.0.2.1' OR domain-name:value = 'Example.COM']",)"
         R"("valid_from":"2016-04-06T20:03:48Z")" +
         std::string(more) + "}";
}

}  // namespace

TEST_CASE("an indicator gives its facts and keeps its bytes") {
  const std::string text = with(
      R"(,"created_by_ref":"identity--f431f809-377b-45e0-aa1c-6a4751cae5ff","revoked":true,"confidence":70,)"
      R"("labels":["a","b"],"external_references":[{"source_name":"acme","external_id":"7"}],)"
      R"("object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"],)"
      R"("granular_markings":[{"lang":"de","selectors":["labels.[1]"]}])");
  const Object object = read(text);
  CHECK(*object.bytes == text);
  CHECK(object.id.text() == "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f");
  CHECK(object.spec_version == SpecVersion::v2_1);
  CHECK(std::get<Timestamp>(object.version) == parse_time("2016-04-06T20:03:48.123456Z")->at);
  CHECK(object.created == parse_time("2016-04-06T20:03:48.123Z")->at);
  CHECK(object.created_by_ref->text() == "identity--f431f809-377b-45e0-aa1c-6a4751cae5ff");
  CHECK(object.revoked);
  CHECK(object.confidence == 70);
  CHECK(object.labels == std::vector<std::string>{"a", "b"});
  CHECK(object.external_references.at(0).external_id == "7");
  CHECK(object.object_marking_refs.at(0).text() ==
        "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da");
  CHECK(object.granular_markings.at(0).lang == "de");
  CHECK(object.granular_markings.at(0).selectors.at(0) == "labels.[1]");
  CHECK(object.values ==
        std::vector<CanonicalValue>{{ValueKind::ipv4, "192.0.2.1"}, {ValueKind::domain, "example.com"}});
}

TEST_CASE("references are found wherever they stand, with their path") {
  const Object object = read(
      R"({"type":"network-traffic","id":"network-traffic--2568d22a-8998-58eb-99ec-3c8ca74f527d",)"
      R"("src_ref":"ipv4-addr--4d22aae0-2bf9-5427-8819-e4f6abf20a53","src_port":1,"dst_port":2,"protocols":["tcp","http"],)"
      R"("encapsulates_refs":["network-traffic--53e0bf48-2eee-5c03-8bde-ed7049d2c0a3"],"extensions":{"http-request-ext":)"
      R"({"request_method":"get","request_value":"/","message_body_data_ref":"artifact--3857f78a-7d16-5092-99fe-ecff58408b02"}}})");
  std::vector<std::string> paths;
  for (const Reference& reference : object.references)
    paths.push_back(reference.property + " " + reference.target.type);
  CHECK(paths == std::vector<std::string>{"src_ref ipv4-addr",
                                          "encapsulates_refs network-traffic",
                                          "extensions.http-request-ext.message_body_data_ref artifact"});
}

TEST_CASE("an observable's version is the digest of its content, whatever its spelling") {
  const Object one = read(
      R"({"type":"ipv4-addr","id":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4","value":"198.51.100.3"})");
  const Object two = read(
      "{ \"value\" : \"198.51.100.\\u0033\", "
      "\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\",\"type\":\"ipv4-addr\" }");
  CHECK(std::holds_alternative<Digest>(one.version));
  CHECK(one.version == two.version);
  CHECK(one.values == std::vector<CanonicalValue>{{ValueKind::ipv4, "198.51.100.3"}});
}

TEST_CASE("every broken rule is told with its section and place") {
  CHECK(found(with("")).empty());
  CHECK(found(with(R"(,"confidence":101)")) == std::vector<std::string>{"error STIX 2.1 §3.2 /confidence"});
  CHECK(found(with(R"(,"labels":[])")) == std::vector<std::string>{"error STIX 2.1 §2.12 /labels"});
  CHECK(found(with(R"(,"labels":["a",1])")) == std::vector<std::string>{"error STIX 2.1 §2.15 /labels/1"});
  CHECK(found(with(R"(,"valid_until":"2016-04-06T20:03:48.0Z")")) ==
        std::vector<std::string>{"error STIX 2.1 §4.7.1 /valid_until"});
  CHECK(found(with(R"(,"kill_chain_phases":[{"kill_chain_name":"a b","phase_name":"c"}])")) ==
        std::vector<std::string>{"warning STIX 2.1 §2.11 /kill_chain_phases/0/kill_chain_name"});
  CHECK(found(with(R"(,"x_acme_score":1)")) ==
        std::vector<std::string>{"warning STIX 2.1 §11.1 /x_acme_score"});
  CHECK(found(with(R"(,"x_acme_score":1)"), true) ==
        std::vector<std::string>{"error STIX 2.1 §11.1 /x_acme_score"});
  CHECK(found(with(R"(,"a/b":1)")).front() == "error STIX 2.1 §11.1.1 /a~1b");
  CHECK(found("[1]") == std::vector<std::string>{"error STIX 2.1 §3 "});
}

TEST_CASE("what is no time is told with what it lacks") {
  auto text = with("");
  text.replace(text.find("2016-04-06T20:03:48Z"), 20, "yesterday");
  const auto document = *JsonDocument::parse(text);
  const auto object = read_object(document.root());
  REQUIRE(!object);
  const auto& message = object.error().findings.front().message;
  CHECK(message.starts_with("'valid_from': "));
  CHECK(message.find("{}") == std::string::npos);
}

TEST_CASE("selectors of granular markings must resolve") {
  const auto marking = [](std::string_view selector) {
    return with(R"(,"labels":["a"],"granular_markings":[{"lang":"de","selectors":[")" +
                std::string(selector) + R"("]}])");
  };
  for (const char* good : {"name", "labels", "labels.[0]", "granular_markings.[0].lang"})
    CHECK(found(marking(good)).empty());
  for (const char* bad : {"labels.[1]", "labels.a", "name.[0]", "none", "", "labels.[x]", "labels.[-1]"})
    CHECK_MESSAGE(found(marking(bad)) ==
                      std::vector<std::string>{"error STIX 2.1 §7.2.3.1 /granular_markings/0/selectors/0"},
                  bad);
}

TEST_CASE("STIX 2.0 is taken in and marked as such") {
  const Object indicator = read(
      R"({"type":"indicator","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2016-04-06T20:03:48.000Z",)"
      R"("modified":"2016-04-06T20:03:48.000Z","labels":["malicious-activity"],"valid_from":"2016-04-06T20:03:48Z",)"
      R"("pattern":"[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"})");
  CHECK(indicator.spec_version == SpecVersion::v2_0);
  CHECK(indicator.values.size() == 1);
  CHECK(indicator.warnings.empty());
  const Object observed = read(
      R"({"type":"observed-data","id":"observed-data--b67d30ff-02ac-498a-92f9-32f845f448cf","created":"2016-04-06T19:58:16.000Z",)"
      R"("modified":"2016-04-06T19:58:16.000Z","first_observed":"2015-12-21T19:00:00Z","last_observed":"2015-12-21T19:00:00Z",)"
      R"("number_observed":50,"objects":{"0":{"type":"ipv4-addr","value":"198.51.100.7"},)"
      R"("1":{"type":"network-traffic","src_ref":"0","protocols":["tcp"]}}})");
  CHECK(observed.spec_version == SpecVersion::v2_0);
  CHECK(observed.values == std::vector<CanonicalValue>{{ValueKind::ipv4, "198.51.100.7"}});
  CHECK(observed.references.empty());
  // Only its pattern_type tells that this one lacks the version that 2.1 requires.
  auto text = with("");
  text.erase(text.find(R"("spec_version":"2.1",)"), 21);
  CHECK(found(text) == std::vector<std::string>{"error STIX 2.1 §3.2 "});
}

TEST_CASE("what is unknown is kept") {
  const Object object = read(
      R"({"type":"x-acme-thing","spec_version":"2.1","id":"x-acme-thing--4527e5de-8572-446a-a57a-706f15467461",)"
      R"("created":"2016-08-01T00:00:00.000Z","modified":"2016-08-01T00:00:00.000Z","stuff":{"Any":[1e999999]}})");
  CHECK(object.id.type == "x-acme-thing");
  CHECK(object.bytes->ends_with(R"("stuff":{"Any":[1e999999]}})"));
  CHECK(object.warnings.size() == 1);
}

TEST_CASE("long strings are refused, base64 payloads are not") {
  const std::string long_text(2u << 20, 'A');
  CHECK(found(with(R"(,"x_acme_text":")" + long_text + "\"")).front() == "error STIX 2.1 §2.15 /x_acme_text");
  CHECK(found(R"({"type":"artifact","id":"artifact--6f437177-6e48-5cf8-9d9e-872a2bddd641","payload_bin":")" +
              long_text + "\"}")
            .empty());
}

TEST_CASE("identifiers are type--UUID of RFC 4122") {
  CHECK(ObjectId::parse("indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"));
  for (const char* bad : {"",
                          "indicator",
                          "indicator-8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
                          "Indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
                          "indicator--8e2e2d2b-17d4-4cbf-138f-98ee46b3cd3f",
                          "indicator--00000000-0000-0000-0000-000000000000",
                          "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3",
                          "--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"})
    CHECK_FALSE_MESSAGE(ObjectId::parse(bad), bad);
}

TEST_CASE("searchable text is the prose, names first") {
  const auto document = parsed(
      R"({"type":"malware","id":"malware--31b940d4-6f7f-459a-80ea-9c1f17b5891b","created":"2016-04-06T20:03:00.000Z",)"
      R"("description":"steals things","name":"Poison Ivy","aliases":["PIVY"],"sample_refs":["file--ff1e0780-358c-5808-a8c7-d0fca4ef6ef4"],)"
      R"("x_acme":{"note":"seen in 2016-04-06T20:03:00.000Z"},"x_when":"2016-04-06T20:03:00.000Z","x_id":"file--ff1e0780-358c-5808-a8c7-d0fca4ef6ef4"})");
  CHECK(searchable_text(document.root()) ==
        "Poison Ivy\nPIVY\nsteals things\nseen in 2016-04-06T20:03:00.000Z\n");
}

TEST_CASE("an object of an unknown type needs an id, whatever version it is taken for") {
  for (const char* text : {R"({"type":"foo"})",
                           R"({"type":"x-foo","value":"1"})",
                           R"({"type":"foo","created":"2016-04-06T20:03:00.000Z"})"}) {
    CAPTURE(text);
    const auto document = parsed(text);
    const auto object = read_object(document.root());
    REQUIRE_FALSE(object);
    CHECK_FALSE(object.error().findings.empty());
    CHECK_FALSE(found(text).empty());
  }
}

TEST_CASE("of a hundred thousand findings the first are told, and how many there are") {
  std::string members;
  for (int i = 0; i < 100'000; ++i) members += fmt::format(R"(,"Custom {}":1)", i);
  const auto findings = found(with(members));
  REQUIRE(findings.size() >= findings_max);
  CHECK(findings.size() <= 2 * findings_max + 2);
  const auto document = parsed(with(members));
  const auto all = check_object(document.root());
  CHECK(std::ranges::any_of(
      all, [](const Finding& finding) { return finding.message.starts_with("and 99800 more"); }));
}
