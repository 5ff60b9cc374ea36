// Real Zeek logs against values in them and not in them: what the scanner finds is exactly what a naive
// reading finds.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "base/text.h"
#include "detect/scan.h"
#include "model/address.h"
#include "model/json.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

const std::string data = SHIELDWALL_SOURCE_DIR "/../shared/data/zeek-wrccdc";

using Found = std::set<std::tuple<std::uint64_t, std::string, std::size_t>>;  // line, field, indicator

/// What is looked for, kept apart from the product's own types.
struct Wanted {
  std::vector<std::string> addresses, networks, domains,
      others;  // others: hashes and e-mail addresses, lower case
  std::size_t size() const { return addresses.size() + networks.size() + domains.size() + others.size(); }
};

std::vector<std::string> lines_of(const std::string& path) {
  const auto opened = open_unpacked(path);
  REQUIRE(opened);
  std::string text;
  for (char block[65536];;) {
    const auto size = (*opened)->read(block);
    REQUIRE(size);
    if (*size == 0) break;
    text.append(block, *size);
  }
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) lines.emplace_back(line);
  return lines;
}

/// A name or one below it. "CN=a.example" is a certificate's subject, not a name: a field counts as a whole.
bool ends_with_name(const std::string& name, const std::string& domain) {
  if (name.find_first_of("= /") != name.npos) return false;
  return name == domain || name.ends_with("." + domain);
}

/// The naive reading: every wanted value against one value of the log.
void compare(std::uint64_t line,
             const std::string& field,
             std::string_view written,
             const Wanted& wanted,
             Found& found) {
  const auto value = to_lower_ascii(written);
  std::size_t number = 0;
  for (const auto& address : wanted.addresses) {
    if (value == address) found.emplace(line, field, number);
    ++number;
  }
  for (const auto& network : wanted.networks) {
    const auto address = model::parse_address(value);
    if (address && model::parse_network(network)->holds(*address)) found.emplace(line, field, number);
    ++number;
  }
  for (const auto& domain : wanted.domains) {
    if (ends_with_name(value, domain)) found.emplace(line, field, number);
    ++number;
  }
  for (const auto& other : wanted.others) {
    if (value == other) found.emplace(line, field, number);
    ++number;
  }
}

void walk(const model::Json& json,
          const std::string& name,
          std::uint64_t line,
          const Wanted& wanted,
          Found& found) {
  if (json.is(model::JsonKind::string)) return compare(line, name, json.string(), wanted, found);
  for (auto at = json.begin(); at != json.end(); ++at) {
    const auto child = *at;
    const auto key = std::string(child.key());
    walk(child,
         json.is(model::JsonKind::array) ? name
         : name.empty()                  ? key
                                         : name + "." + key,
         line,
         wanted,
         found);
  }
}

Found naive_json(const std::string& path, const Wanted& wanted) {
  Found found;
  const auto lines = lines_of(path);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const auto document = model::JsonDocument::parse(lines[i]);
    REQUIRE(document);
    walk(document->root(), "", i + 1, wanted, found);
  }
  return found;
}

/// The TSV file has escapes in none of the fields that can hold a wanted value.
Found naive_tsv(const std::string& path, const Wanted& wanted) {
  Found found;
  std::vector<std::string> names;
  const auto lines = lines_of(path);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("#fields\t"))
      for (const auto name : split(std::string_view(lines[i]).substr(8), '\t')) names.emplace_back(name);
    if (lines[i].empty() || lines[i].starts_with('#')) continue;
    const auto columns = split(lines[i], '\t');
    REQUIRE(columns.size() == names.size());
    for (std::size_t column = 0; column < columns.size(); ++column)
      for (const auto value : split(columns[column], ','))
        compare(i + 1, names[column], value, wanted, found);
  }
  return found;
}

Matcher matcher_of(const Wanted& wanted) {
  std::vector<Indicator> indicators;
  for (const auto* list : {&wanted.addresses, &wanted.networks, &wanted.domains, &wanted.others})
    for (const auto& value : *list) {
      const auto canonical = model::canonical_guess(value);
      REQUIRE(canonical);
      indicators.push_back({.id = value, .pattern = value, .values = {*canonical}});
    }
  auto matcher = compile(std::move(indicators), {.now = {}});
  CHECK(matcher.unused().empty());
  return matcher;
}

class Collect final : public ScanSink {
 public:
  Found found;
  std::uint64_t broken = 0;
  void hit(const Hit& hit) override { found.emplace(hit.line, hit.field, hit.indicator); }
  void done(const SourceReport& report) override {
    CHECK(report.error == "");
    broken += report.counts.broken_lines;
  }
};

Found scanned(const std::string& path, const Wanted& wanted) {
  Collect sink;
  const std::vector<InputFile> files = {{.path = path}};
  scan_files(matcher_of(wanted), files, {}, sink);
  CHECK(sink.broken == 0);
  return sink.found;
}

/// The first few findings that one has and the other has not.
std::string difference(const Found& a, const Found& b) {
  std::vector<Found::value_type> only;
  std::ranges::set_symmetric_difference(a, b, std::back_inserter(only));
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(only.size(), 5); ++i)
    out += fmt::format(" {}:{}#{}{}",
                       std::get<0>(only[i]),
                       std::get<1>(only[i]),
                       std::get<2>(only[i]),
                       a.contains(only[i]) ? "+" : "-");
  return out;
}

Wanted wanted_of_these_logs() {
  return {
      .addresses = {"10.47.3.200", "134.71.3.16", "10.164.94.120", "203.0.113.77", "10.47.3.20"},
      .networks = {"10.47.8.0/24", "134.71.0.0/16", "198.51.100.0/24"},
      .domains =
          {"ise.wrccdc.org", "google.com", "jerry.land", "factory.oompa.loompa", "evil.example", "rccdc.org"},
      .others = {"b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe",
                 "nessus1157527943@invalid1562458422.org",
                 "00000000000000000000000000000000"}};
}

}  // namespace

TEST_CASE("real Zeek logs: the hits are exactly those of a naive reading, in JSON and in TSV") {
  if (!std::filesystem::exists(data)) {
    MESSAGE("skipped: no Zeek logs beside the checkout");
    return;
  }
  const auto wanted = wanted_of_these_logs();
  std::size_t total = 0;
  for (const auto* name :
       {"dns", "notice", "ntlm", "smtp", "ssl", "x509", "ocsp", "ntp", "rdp", "software"}) {
    const auto path = data + "/json/" + name + ".json.gz";
    const auto truth = naive_json(path, wanted);
    CHECK_MESSAGE(difference(scanned(path, wanted), truth) == "", name);
    total += truth.size();
  }
  for (const std::string name : {"dns", "notice", "ntlm", "smtp", "ssl"}) {
    const auto path = data + "/tsv/" + name + ".log.gz";
    CHECK_MESSAGE(difference(scanned(path, wanted), naive_tsv(path, wanted)) == "", name);
  }
  CHECK(total > 1000);
}
