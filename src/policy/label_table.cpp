// Interning: each shared label part once, with its compiled form.

#include "policy/label_table.h"

#include <algorithm>
#include <optional>
#include <span>

namespace shieldwall::policy {
namespace {

/// The audience alone, as the label form writes it: equal insides of different labels share one form.
Digest digest_of(const Clause& clause) {
  Label only;
  only.audience = {Clause{.owner = {}, .inside = clause.inside}};
  return sha256(encode(only));
}

/// False when a nation has no bit left.
bool fill_nations(LabelNumbers& numbers, const std::vector<Nation>& nations, AudienceForm& form) {
  for (const Nation& nation : nations) {
    const Number number = numbers.nation_number(nation);
    if (number >= nation_numbers) return false;
    form.nations[number / 64] |= std::uint64_t{1} << number % 64;
  }
  return true;
}

void fill_organisations(LabelNumbers& numbers,
                        const std::vector<OrganisationId>& organisations,
                        AudienceForm& form) {
  if (organisations.empty()) return;
  std::vector<Number> found;
  found.reserve(organisations.size());
  for (const OrganisationId& id : organisations)
    found.push_back(LabelNumbers::number_of(numbers.organisations, id));
  const auto [least, most] = std::minmax_element(found.begin(), found.end());
  form.first_word = *least / 64;
  form.words = *most / 64 - form.first_word + 1;
  auto& words = numbers.words.emplace_back(form.words);
  for (const Number number : found) words[number / 64 - form.first_word] |= std::uint64_t{1} << number % 64;
  form.organisations = words.data();
}

/// Index + 1 in `state.audiences`, 0 for the owner alone; nothing when it does not fit the form.
std::optional<Number> form_audience(LabelNumbers& numbers,
                                    GrowingArray<AudienceForm>& audiences,
                                    const Clause& clause) {
  if (std::holds_alternative<std::monostate>(clause.inside)) return 0;
  const Digest digest = digest_of(clause);
  if (const auto known = numbers.audiences.find(digest); known != numbers.audiences.end())
    return known->second;
  AudienceForm form;
  if (const auto* alliance = std::get_if<AllianceAudience>(&clause.inside)) {
    form.group = numbers.alliance_group(alliance->alliance);
    form.version = alliance->roster_version;
    if (!fill_nations(numbers, alliance->nations, form)) return std::nullopt;
    fill_organisations(numbers, alliance->organisations, form);
  } else {
    const auto& circle = std::get<CircleAudience>(clause.inside);
    form.group = numbers.circle_group(circle.circle);
    form.version = circle.membership_version;
    form.everyone = true;
  }
  const auto number = static_cast<Number>(audiences.append(form) + 1);
  numbers.audiences.emplace(digest, number);
  return number;
}

bool fill_clauses(LabelNumbers& numbers,
                  GrowingArray<AudienceForm>& audiences,
                  const std::vector<Clause>& clauses,
                  LabelForm& form) {
  if (clauses.size() > LabelForm::clauses_max) return false;
  for (const Clause& clause : clauses) {
    const auto audience = form_audience(numbers, audiences, clause);
    if (!audience) return false;
    form.clauses[form.clause_count++] = {
        .owner = LabelNumbers::number_of(numbers.organisations, clause.owner), .audience = *audience};
  }
  const auto all = std::span(form.clauses).first(form.clause_count);
  const auto is_first = [&](const ClauseForm& clause) { return clause.owner == all.front().owner; };
  if (!all.empty() && std::all_of(all.begin(), all.end(), is_first)) form.owner_of_all = all.front().owner;
  return true;
}

bool fill_compartments(LabelNumbers& numbers,
                       const std::vector<CompartmentId>& compartments,
                       LabelForm& form) {
  for (const CompartmentId& compartment : compartments) {
    const Number number = LabelNumbers::number_of(numbers.compartments, compartment) - 1;
    if (number >= compartment_numbers) return false;
    form.compartments |= std::uint64_t{1} << number;
  }
  return true;
}

LabelForm form_of(LabelNumbers& numbers, GrowingArray<AudienceForm>& audiences, const Label& label) {
  LabelForm form;
  form.tlp = label.tlp;
  form.classification = label.classification;
  if (!label.realm.is_nil()) form.realm = LabelNumbers::number_of(numbers.realms, label.realm);
  form.plain = !fill_clauses(numbers, audiences, label.audience, form) ||
               !fill_compartments(numbers, label.compartments, form);
  return form;
}

}  // namespace

LabelTable::LabelTable() : state_(std::make_unique<State>()) {}
LabelTable::~LabelTable() = default;
LabelTable::LabelTable(LabelTable&&) noexcept = default;
LabelTable& LabelTable::operator=(LabelTable&&) noexcept = default;

LabelId LabelTable::intern(const Label& shared) {
  Label label = shared_part(shared);
  const Digest digest = sha256(encode(label));
  return state_->numbers.with([&](LabelNumbers& numbers) {
    const auto [entry, is_new] =
        numbers.labels.try_emplace(digest, static_cast<LabelId>(state_->forms.size()));
    if (is_new) {
      LabelForm form = form_of(numbers, state_->audiences, label);
      state_->labels.append(std::move(label));
      state_->forms.append(form);
    }
    return entry->second;
  });
}

const Label& LabelTable::at(LabelId id) const {
  return state_->labels[id];
}

std::size_t LabelTable::size() const {
  return state_->forms.size();
}

}  // namespace shieldwall::policy
