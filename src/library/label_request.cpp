#include "library/label_request.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "ledger/authority.h"
#include "ledger/organisation.h"

namespace shieldwall::library {

namespace {

constexpr std::size_t persons_max = 1'000;  // a list that people still read
constexpr std::size_t compartments_max = 100;

Result<policy::Pap> pap_named(std::string_view text) {
  auto name = to_lower_ascii(text);
  if (name.starts_with("pap:")) name.erase(0, 4);
  if (name == "clear" || name == "white") return policy::Pap::clear;
  if (name == "green") return policy::Pap::green;
  if (name == "amber") return policy::Pap::amber;
  if (name == "red") return policy::Pap::red;
  return fail(ErrorCode::invalid, "pap: '{}' is none of clear, green, amber, red", excerpt(text));
}

Result<policy::UseLimits> must_not(std::string_view text) {
  policy::UseLimits use;
  for (const auto part : split(text, ',')) {
    const auto name = trimmed(part);
    if (name == "notify_affected")
      use.notify_affected = policy::Use::must_not;
    else if (name == "attribute")
      use.attribute = policy::Use::must_not;
    else if (name == "resell")
      use.resell = policy::Use::must_not;
    else if (name == "regulate")
      use.regulate = policy::Use::must_not;
    else
      return fail(ErrorCode::invalid,
                  "must_not: '{}' is none of notify_affected, attribute, resell, regulate",
                  excerpt(name));
  }
  return use;
}

Result<std::vector<policy::PersonKey>> persons(std::string_view text) {
  std::vector<policy::PersonKey> keys;
  for (const auto part : split(text, ',')) {
    const auto pair = split(trimmed(part), ':');
    if (pair.size() != 2)
      return fail(ErrorCode::invalid, "persons: '{}' is not ORGANISATION:PERSON", excerpt(part));
    const auto organisation = OrganisationId::parse(pair[0]);
    const auto person = PersonId::parse(pair[1]);
    if (!organisation || !person)
      return fail(ErrorCode::invalid, "persons: '{}' does not name two UUIDs", excerpt(part));
    keys.push_back({*organisation, *person});
    if (keys.size() > persons_max)
      return fail(ErrorCode::invalid, "persons: more than {}; use a circle", persons_max);
  }
  std::ranges::sort(keys);
  const auto [first, last] = std::ranges::unique(keys);
  keys.erase(first, last);
  return keys;
}

Result<std::vector<CompartmentId>> compartments(std::string_view text) {
  std::vector<CompartmentId> ids;
  for (const auto part : split(text, ',')) {
    const auto id = CompartmentId::parse(trimmed(part));
    if (!id) return fail(ErrorCode::invalid, "compartments: '{}' is no UUID", excerpt(part));
    ids.push_back(*id);
    if (ids.size() > compartments_max)
      return fail(ErrorCode::invalid, "compartments: more than {}", compartments_max);
  }
  std::ranges::sort(ids);
  const auto [first, last] = std::ranges::unique(ids);
  ids.erase(first, last);
  return ids;
}

Result<bool> flag(std::string_view name, std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return fail(ErrorCode::invalid, "{}: '{}' is neither true nor false", name, excerpt(text));
}

Result<Timestamp> instant(std::string_view name, std::string_view text) {
  const auto time = parse_time(text);
  if (!time) return fail(Error(time.error()).within(name));
  return time->at;
}

Done read_one(LabelRequest& request, std::string_view name, std::string_view value) {
  if (name == "circle") request.circle = value;
  if (name == "tlp") request.tlp = TRY(tlp_named(value));
  if (name == "pap") request.pap = TRY(pap_named(value));
  if (name == "must_not") request.use = TRY(must_not(value));
  if (name == "persons") request.persons = TRY(persons(value));
  if (name == "compartments") request.compartments = TRY(compartments(value));
  if (name == "embargo") request.embargo = TRY(instant(name, value));
  if (name == "end") request.end = TRY(instant(name, value));
  if (name == "originator_control") request.originator_control = TRY(flag(name, value));
  return {};
}

/// The request's own part of a label; its audience is the organisation or the circle it goes to.
policy::Label narrowing(const LabelRequest& request, std::vector<policy::Clause> audience) {
  policy::Label label;
  label.tlp = request.tlp.value_or(policy::Tlp::clear);
  label.pap = request.pap.value_or(policy::Pap::clear);
  label.use = request.use;
  label.audience = std::move(audience);
  label.compartments = request.compartments;
  label.originator_control = request.originator_control;
  label.persons = request.persons;
  label.embargo = request.embargo.value_or(Timestamp::always());
  label.end = request.end.value_or(Timestamp::never());
  return label;
}

policy::Source source_of(const ledger::Organisation& organisation) {
  return {.kind = organisation.hosted ? policy::Source::Kind::own : policy::Source::Kind::member,
          .id = organisation.id.uuid};
}

Result<Terms> circle_terms(store::Records& records,
                           const api::Caller& caller,
                           const LabelRequest& request,
                           Consent consent) {
  auto row = TRY(ledger::circle_by_name(records, caller.organisation, request.circle));
  const auto allowed = TRY(ledger::Authority::add(caller, std::move(row)));
  const auto& circle = allowed.look();
  if (circle.second_person && consent == Consent::none)
    return fail(ErrorCode::denied,
                "the circle '{}' wants a second person's consent to each release: put the objects without a "
                "circle, then POST /api/v1/releases, and have a colleague consent",
                circle.title);
  const auto least = ledger::label_for(circle, caller.organisation);
  auto wanted = narrowing(request, least.audience);
  wanted.realm = circle.label.realm;
  Terms terms;
  terms.label.ceiling = TRY(policy::join(least, wanted));
  terms.label.unmarked =
      request.tlp ? terms.label.ceiling : ledger::unmarked_label_for(circle, caller.organisation);
  terms.collection = circle.id;
  return terms;
}

}  // namespace

bool is_label_parameter(std::string_view name) {
  return std::ranges::any_of(label_parameters, [&](const auto& row) { return row.name == name; });
}

Result<policy::Tlp> tlp_named(std::string_view text) {
  auto name = to_lower_ascii(text);
  if (name.starts_with("tlp:")) name.erase(0, 4);
  if (name == "clear" || name == "white") return policy::Tlp::clear;
  if (name == "green") return policy::Tlp::green;
  if (name == "amber") return policy::Tlp::amber;
  if (name == "red") return policy::Tlp::red;
  // '+' of a query reads as a space.
  for (const std::string_view strict : {"amber+strict", "amber strict", "amber_strict", "amber-strict"})
    if (name == strict) return policy::Tlp::amber_strict;
  return fail(
      ErrorCode::invalid, "tlp: '{}' is none of clear, green, amber, amber_strict, red", excerpt(text));
}

Result<LabelRequest> read_label_request(std::span<const net::Parameter> query) {
  LabelRequest request;
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : query) {
    if (!is_label_parameter(name)) continue;
    if (std::ranges::find(seen, name) != seen.end())
      return fail(ErrorCode::invalid, "{} is given twice", name);
    seen.push_back(name);
    TRY(read_one(request, name, value));
  }
  if (request.embargo && request.end && *request.end <= *request.embargo)
    return fail(ErrorCode::invalid, "end is not after embargo: nobody would ever see it");
  return request;
}

Result<policy::Source> source_of(store::Records& records, const OrganisationId& organisation) {
  const auto row = TRY(ledger::read_organisation(records, organisation));
  return source_of(row.value);
}

Result<Terms> terms_of(store::Records& records,
                       const api::Caller& caller,
                       const LabelRequest& request,
                       Consent consent) {
  Terms terms;
  if (request.circle.empty()) {
    terms.label = wire::source_under(narrowing(request, {policy::Clause{caller.organisation, {}}}),
                                     caller.organisation);
    if (request.tlp) terms.label.unmarked = terms.label.ceiling;
  } else {
    terms = TRY(circle_terms(records, caller, request, consent));
  }
  terms.label.receiver = caller.organisation;
  const auto own = TRY(ledger::read_organisation(records, caller.organisation));
  terms.source = source_of(own.value);
  terms.identity = own.value.identity;
  return terms;
}

}  // namespace shieldwall::library
