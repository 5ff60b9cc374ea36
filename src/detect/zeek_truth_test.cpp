// Real Zeek logs against values in them and not in them: what the scanner finds is exactly what a naive
// reading finds.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>

#include <doctest/doctest.h>

#include "base/hash.h"
#include "base/text.h"
#include "detect/scan.h"
#include "model/address.h"
#include "model/json.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

const std::string data = SHIELDWALL_SOURCE_DIR "/../shared/data/zeek-wrccdc";

using Found = std::set<std::tuple<std::uint64_t, std::string, std::size_t>>;  // line, field, indicator

/// What is looked for, kept apart from the product's own types.
struct Wanted {
  std::vector<std::string> addresses, networks, domains,
      others;  // others: hashes and e-mail addresses, lower case
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

/// The naive reading: every wanted value against every value of a log. Logs repeat themselves, so what a
/// value means is worked out once.
class Naive {
 public:
  explicit Naive(const Wanted& wanted) : wanted_(wanted) {
    for (const auto& network : wanted.networks) networks_.push_back(*model::parse_network(network));
  }

  /// A field of free text holds what stands in it as words; every other field is one value.
  void compare(std::uint64_t line, const std::string& field, std::string_view written, Found& found) {
    if (field != "msg" && field != "sub") return compare_value(line, field, written, found);
    std::string word;
    for (const char c : std::string(written) + ' ') {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_' || c == '@') {
        word += c;
        continue;
      }
      compare_value(line,
                    field,
                    std::string_view(word).substr(std::min(word.find_first_not_of('.'), word.size())),
                    found);
      word.clear();
    }
  }

  void compare_value(std::uint64_t line, const std::string& field, std::string_view written, Found& found) {
    auto known = meanings_.find(written);
    if (known == meanings_.end())
      known = meanings_.emplace(std::string(written), meaning(to_lower_ascii(written))).first;
    for (const auto number : known->second) found.emplace(line, field, number);
  }

 private:
  std::vector<std::size_t> meaning(const std::string& value) const {
    std::vector<std::size_t> numbers;
    std::size_t number = 0;
    const auto note = [&](bool hit) {
      if (hit) numbers.push_back(number);
      ++number;
    };
    for (const auto& address : wanted_.addresses) note(value == address);
    const auto address = model::parse_address(value);
    for (const auto& network : networks_) note(address && network.holds(*address));
    for (const auto& domain : wanted_.domains) note(ends_with_name(value, domain));
    for (const auto& other : wanted_.others) note(value == other);
    return numbers;
  }

  const Wanted& wanted_;
  std::vector<model::Network> networks_;
  std::unordered_map<std::string, std::vector<std::size_t>, TextHash, std::equal_to<>> meanings_;
};

void walk(const model::Json& json, const std::string& name, std::uint64_t line, Naive& naive, Found& found) {
  if (json.is(model::JsonKind::string)) return naive.compare(line, name, json.string(), found);
  const bool is_array = json.is(model::JsonKind::array);
  for (auto at = json.begin(); at != json.end(); ++at) {
    const auto child = *at;
    if (is_array || name.empty()) {
      walk(child, is_array ? name : std::string(child.key()), line, naive, found);
    } else {
      walk(child, name + "." + std::string(child.key()), line, naive, found);
    }
  }
}

Found naive_json(const std::string& path, const Wanted& wanted) {
  Naive naive(wanted);
  Found found;
  const auto lines = lines_of(path);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const auto document = model::JsonDocument::parse(lines[i]);
    if (!document) FAIL(path, ": line ", i + 1);  // an assertion a line costs as much as the line
    walk(document->root(), "", i + 1, naive, found);
  }
  return found;
}

/// The TSV file has escapes in none of the fields that can hold a wanted value.
Found naive_tsv(const std::string& path, const Wanted& wanted) {
  Naive naive(wanted);
  Found found;
  std::vector<std::string> names;
  const auto lines = lines_of(path);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("#fields\t"))
      for (const auto name : split(std::string_view(lines[i]).substr(8), '\t')) names.emplace_back(name);
    if (lines[i].empty() || lines[i].starts_with('#')) continue;
    const auto columns = split(lines[i], '\t');
    if (columns.size() != names.size()) FAIL(path, ": line ", i + 1);
    for (std::size_t column = 0; column < columns.size(); ++column)
      for (const auto value : split(columns[column], ',')) naive.compare(i + 1, names[column], value, found);
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

/// The hits of one log.
class Collect final : public ScanSink {
 public:
  std::vector<Hit> hits;
  std::uint64_t broken = 0;
  void hit(const Hit& hit) override { hits.push_back(hit); }
  void done(const SourceReport& report) override {
    CHECK(report.error == "");
    broken += report.counts.broken_lines;
  }
};

const std::vector<Hit>& scanned(const std::string& path, const Wanted& wanted) {
  static std::map<std::string, std::vector<Hit>> remembered;  // `wanted` is always the same
  const auto [at, is_new] = remembered.try_emplace(path);
  if (!is_new) return at->second;
  Collect sink;
  const std::vector<InputFile> files = {{.path = path}};
  scan_files(matcher_of(wanted), files, {}, sink);
  CHECK(sink.broken == 0);
  return at->second = std::move(sink.hits);
}

Found found_in(const std::vector<Hit>& hits) {
  Found found;
  for (const auto& hit : hits) found.emplace(hit.line, hit.field, hit.indicator);
  return found;
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
  // Smallest first: a quick run leaves out the last four, which hold nine tenths of the lines.
  static constexpr std::string_view logs[] = {"tsv/notice.log.gz",
                                              "json/notice.json.gz",
                                              "tsv/ntlm.log.gz",
                                              "json/x509.json.gz",
                                              "json/software.json.gz",
                                              "json/ntlm.json.gz",
                                              "json/ntp.json.gz",
                                              "tsv/smtp.log.gz",
                                              "json/smtp.json.gz",
                                              "json/ocsp.json.gz",
                                              "json/rdp.json.gz",
                                              "tsv/ssl.log.gz",
                                              "json/ssl.json.gz",
                                              "tsv/dns.log.gz",
                                              "json/dns.json.gz"};
  const auto wanted = wanted_of_these_logs();
  const auto count = static_cast<std::size_t>(tests::test_size("zeek_truth_logs"));
  std::size_t total = 0;
  for (const auto name : std::span(logs).first(count)) {
    const auto path = data + "/" + std::string(name);
    const auto truth = name.starts_with("json") ? naive_json(path, wanted) : naive_tsv(path, wanted);
    CHECK_MESSAGE(difference(found_in(scanned(path, wanted)), truth) == "", name);
    total += truth.size();
  }
  CHECK(total > 1000);
}

TEST_CASE("the JSON and the TSV form of a real Zeek log give the same hits") {
  if (!std::filesystem::exists(data)) {
    MESSAGE("skipped: no Zeek logs beside the checkout");
    return;
  }
  static constexpr std::uint64_t header_lines = 8;  // of TSV; behind them both have the events in one order
  using Seen =
      std::set<std::tuple<std::uint64_t, std::optional<Timestamp>, std::string, std::string, std::size_t>>;
  const auto seen = [](const std::vector<Hit>& hits, std::uint64_t skipped) {
    Seen all;
    for (const auto& hit : hits)
      all.emplace(hit.line - skipped, hit.time, hit.field, hit.value, hit.indicator);
    return all;
  };
  const auto wanted = wanted_of_these_logs();
  static constexpr std::string_view names[] = {"notice", "ntlm", "smtp", "ssl", "dns"};
  const auto count = static_cast<std::size_t>(tests::test_size("zeek_both_forms"));
  for (const auto view : std::span(names).first(count)) {
    const std::string name(view);
    const auto& json = scanned(data + "/json/" + name + ".json.gz", wanted);
    const auto& tsv = scanned(data + "/tsv/" + name + ".log.gz", wanted);
    CHECK(!json.empty());
    CHECK_MESSAGE((seen(json, 0) == seen(tsv, header_lines)), name);
  }
}
