// Interning: each shared label part once, with its compiled form.

#include "policy/label_table.h"

#include <algorithm>
#include <optional>
#include <utility>

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

std::vector<Number> numbers_of(LabelNumbers& numbers, const std::vector<OrganisationId>& organisations) {
  std::vector<Number> found;
  found.reserve(organisations.size());
  for (const OrganisationId& id : organisations)
    found.push_back(LabelNumbers::number_of(numbers.organisations, id));
  return found;
}

void fill_organisations(LabelNumbers& numbers, const std::vector<Number>& organisations, AudienceForm& form) {
  if (organisations.empty()) return;
  const auto [least, most] = std::minmax_element(organisations.begin(), organisations.end());
  form.first_word = *least / 64;
  form.words = *most / 64 - form.first_word + 1;
  auto& words = numbers.words.emplace_back(form.words);
  for (const Number number : organisations)
    words[number / 64 - form.first_word] |= std::uint64_t{1} << number % 64;
  form.organisations = words.data();
}

/// Index + 1 of the row of those whom `clause` has no room for.
Number audience_of(LabelNumbers& numbers, LabelForms& forms, const Clause& clause, const AudienceForm& form) {
  const Digest digest = digest_of(clause);
  if (const auto known = numbers.audiences.find(digest); known != numbers.audiences.end())
    return known->second;
  const auto number = static_cast<Number>(forms.audiences.append(form) + 1);
  numbers.audiences.emplace(digest, number);
  return number;
}

bool fill_alliance(LabelNumbers& numbers, LabelForms& forms, const Clause& of, ClauseForm& clause) {
  const auto& inside = std::get<AllianceAudience>(of.inside);
  clause.group = numbers.alliance_group(inside.alliance);
  clause.version = inside.roster_version;
  AudienceForm far;
  if (!fill_nations(numbers, inside.nations, far)) return false;
  clause.nations = std::exchange(far.nations[0], 0);
  for (const std::uint64_t nations : far.nations)
    if (nations != 0) clause.far = ~std::uint64_t{0};
  const auto organisations = numbers_of(numbers, inside.organisations);
  for (const Number number : organisations) clause.far |= std::uint64_t{1} << number % 64;
  if (clause.far == 0) return true;
  if (organisations.size() > 0) fill_organisations(numbers, organisations, far);
  clause.audience = audience_of(numbers, forms, of, far);
  return true;
}

/// Nothing when a nation has no bit left.
std::optional<ClauseForm> form_of(LabelNumbers& numbers, LabelForms& forms, const Clause& of) {
  ClauseForm clause;
  clause.owner = LabelNumbers::number_of(numbers.organisations, of.owner);
  if (std::holds_alternative<AllianceAudience>(of.inside)) {
    if (!fill_alliance(numbers, forms, of, clause)) return std::nullopt;
  } else if (const auto* circle = std::get_if<CircleAudience>(&of.inside)) {
    clause.group = numbers.circle_group(circle->circle);
    clause.version = circle->membership_version;
    clause.nations = ClauseForm::everyone;
  }
  return clause;
}

bool fill_clauses(LabelNumbers& numbers,
                  LabelForms& forms,
                  const std::vector<Clause>& clauses,
                  LabelForm& form) {
  if (clauses.size() > UINT16_MAX) return false;
  for (const Clause& of : clauses) {
    const auto clause = form_of(numbers, forms, of);
    if (!clause) return false;
    if (form.clause_count == 0) {
      form.first = *clause;
      form.owner_of_all = clause->owner;
    } else {
      const auto index = static_cast<Number>(forms.clauses.append(*clause));
      if (form.clause_count == 1) form.rest = index;
      if (clause->owner != form.first.owner) form.owner_of_all = 0;
    }
    ++form.clause_count;
  }
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

LabelForm form_of(LabelNumbers& numbers, LabelForms& forms, const Label& label) {
  LabelForm form;
  form.tlp = label.tlp;
  form.classification = label.classification;
  if (!label.realm.is_nil()) form.realm = LabelNumbers::number_of(numbers.realms, label.realm);
  form.plain = !fill_clauses(numbers, forms, label.audience, form) ||
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
      LabelForm form = form_of(numbers, *state_, label);
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
