// What labels are made of, and how two become one.

#include <algorithm>
#include <iterator>
#include <limits>

#include "policy/byte_form.h"
#include "policy/label.h"
#include "policy/label_limits.h"

namespace shieldwall::policy {
namespace {

template <typename T>
void sort_unique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

template <typename T>
std::vector<T> united(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> all;
  all.reserve(a.size() + b.size());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

/// Who a label names, TLP:RED without a list naming nobody; nothing when it does not limit persons.
std::optional<std::vector<PersonKey>> named(const Label& label) {
  if (!label.persons && label.tlp == Tlp::red) return std::vector<PersonKey>{};
  return label.persons;
}

std::optional<std::vector<PersonKey>> join_persons(const Label& a, const Label& b) {
  if (!a.persons && !b.persons)
    return std::nullopt;  // where either is RED, the result is RED and names nobody
  const auto in_a = named(a);
  const auto in_b = named(b);
  if (!in_a) return in_b;
  if (!in_b) return in_a;
  std::vector<PersonKey> both;
  std::set_intersection(in_a->begin(), in_a->end(), in_b->begin(), in_b->end(), std::back_inserter(both));
  return both;
}

/// Levels of different schemes have no order that the labels alone know: no clearance reaches their join.
Classification join_levels(const Classification& a, const Classification& b) {
  if (a.scheme == 0) return b;
  if (b.scheme == 0) return a;
  if (a.scheme != b.scheme) return classification_beyond_all;
  return std::max(a, b);
}

UseLimits join_use(const UseLimits& a, const UseLimits& b) {
  return {.notify_affected = std::max(a.notify_affected, b.notify_affected),
          .attribute = std::max(a.attribute, b.attribute),
          .resell = std::max(a.resell, b.resell),
          .regulate = std::max(a.regulate, b.regulate)};
}

/// A label without a clause lets nobody pass, and so does whatever is derived from it.
std::vector<Clause> join_audience(const Label& a, const Label& b) {
  if (a.audience.empty() || b.audience.empty()) return {};
  return united(a.audience, b.audience);
}

bool is_canonical(const Clause& clause) {
  const auto* alliance = std::get_if<AllianceAudience>(&clause.inside);
  return alliance == nullptr ||
         (strictly_ascends(alliance->nations) && strictly_ascends(alliance->organisations) &&
          !(alliance->nations.empty() && alliance->organisations.empty()));
}

bool is_canonical(const Label& label) {
  return strictly_ascends(label.audience) && strictly_ascends(label.compartments) &&
         std::all_of(
             label.audience.begin(), label.audience.end(), [](const Clause& c) { return is_canonical(c); }) &&
         (!label.persons || strictly_ascends(*label.persons)) &&
         (label.classification.scheme != 0 || label.classification.ordinal == 0);
}

}  // namespace

Result<Nation> Nation::parse(std::string_view text) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (text.size() != 3 || !std::all_of(text.begin(), text.end(), is_upper))
    return fail(ErrorCode::invalid, "a nation is three upper-case letters (ISO 3166-1 alpha-3)");
  return Nation{{text[0], text[1], text[2]}};
}

Label owner_only(OrganisationId owner) {
  Label label;
  label.tlp = Tlp::amber_strict;
  label.audience = {Clause{.owner = owner, .inside = {}}};
  label.discoverable = false;
  return label;
}

Label canonical(Label label) {
  if (is_canonical(label)) return label;
  for (Clause& clause : label.audience) {
    auto* alliance = std::get_if<AllianceAudience>(&clause.inside);
    if (alliance == nullptr) continue;
    sort_unique(alliance->nations);
    sort_unique(alliance->organisations);
    if (alliance->nations.empty() && alliance->organisations.empty()) clause.inside = std::monostate{};
  }
  sort_unique(label.audience);
  sort_unique(label.compartments);
  if (label.persons) sort_unique(*label.persons);
  if (label.classification.scheme == 0) label.classification.ordinal = 0;
  return label;
}

Result<Label> join(const Label& left, const Label& right) {
  if (left.realm != right.realm)
    return fail(ErrorCode::invalid,
                "what belongs to an exercise never mixes with operations or another exercise");
  const Label a = canonical(left);
  const Label b = canonical(right);
  Label label;
  label.tlp = std::max(a.tlp, b.tlp);
  label.pap = std::max(a.pap, b.pap);
  label.use = join_use(a.use, b.use);
  label.classification = join_levels(a.classification, b.classification);
  label.audience = join_audience(a, b);
  label.compartments = united(a.compartments, b.compartments);
  label.originator_control = a.originator_control || b.originator_control;
  label.discoverable = a.discoverable && b.discoverable;
  label.realm = a.realm;
  label.persons = join_persons(a, b);
  label.embargo = std::max(a.embargo, b.embargo);
  label.end = std::min(a.end, b.end);
  TRY(check_limits(label));
  return label;
}

std::size_t encoded_size(const Label& label) {
  std::size_t bytes =
      16 + label.compartments.size() * 16 + (label.persons ? label.persons->size() * 32 : 0) + 48;
  for (const Clause& clause : label.audience) {
    bytes += 17 + 28;
    if (const auto* alliance = std::get_if<AllianceAudience>(&clause.inside))
      bytes += alliance->nations.size() * 3 + alliance->organisations.size() * 16;
  }
  return bytes;
}

Done check_limits(const Label& label) {
  const auto hold = [](std::string_view what, std::size_t count, std::size_t most) -> Done {
    if (count <= most) return {};
    return fail(ErrorCode::exhausted, "a label carries at most {} {}, this one has {}", most, what, count);
  };
  TRY(hold("audience clauses", label.audience.size(), clauses_max));
  TRY(hold("compartments", label.compartments.size(), compartments_max));
  TRY(hold("persons", label.persons ? label.persons->size() : 0, persons_max));
  for (const Clause& clause : label.audience) {
    const auto* alliance = std::get_if<AllianceAudience>(&clause.inside);
    if (alliance == nullptr) continue;
    TRY(hold("nations in a clause", alliance->nations.size(), nations_max));
    TRY(hold("organisations in a clause", alliance->organisations.size(), organisations_max));
    for (const Nation& nation : alliance->nations) TRY(Nation::parse(nation.text()));
  }
  if (!is_writable(label.embargo, Timestamp::always()) || !is_writable(label.end, Timestamp::never()))
    return fail(ErrorCode::invalid, "an embargo or end outside the years 0000 to 9999");
  return hold("bytes", encoded_size(label), label_bytes_max);
}

bool at_least_as_wide(const Label& wide, const Label& narrow) {
  const auto joined = join(wide, narrow);
  if (!joined) return false;
  Label expected = canonical(narrow);
  // Pap, use limits, originator control and discoverability admit or keep out nobody.
  expected.pap = joined->pap;
  expected.use = joined->use;
  expected.originator_control = joined->originator_control;
  expected.discoverable = joined->discoverable;
  if (expected.tlp == Tlp::red && !expected.persons && joined->persons && joined->persons->empty())
    expected.persons.emplace();  // two spellings of nobody
  return *joined == expected;
}

Label shared_part(const Label& label) {
  Label shared = canonical(label);
  shared.persons.reset();
  shared.embargo = Timestamp::always();
  shared.end = Timestamp::never();
  return shared;
}

std::string_view name_of(Tlp tlp) {
  constexpr std::string_view names[] = {"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"};
  return names[static_cast<std::size_t>(tlp)];
}

}  // namespace shieldwall::policy
