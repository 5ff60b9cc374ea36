#include <algorithm>
#include <map>

#include "detect/sigma/breadth.h"
#include "detect/sigma/correlation_links.h"
#include "detect/sigma/expression.h"
#include "detect/sigma/rule_set.h"

namespace shieldwall::detect::sigma {

namespace {

Unusable unusable(const Rule& rule, std::string reason) {
  return {.key = std::string(rule.key()),
          .title = rule.title,
          .origin = rule.origin,
          .reason = std::move(reason)};
}

bool is_approved(const Rule& rule, const CompileOptions& options) {
  return std::ranges::find(options.approved, rule.key()) != options.approved.end();
}

/// Takes out what cannot be used, and says why.
void sift(RuleFile& file, const CompileOptions& options, Tables& tables) {
  std::map<std::string, std::string, std::less<>> origins;
  for (auto& rule : file.rules) {
    if (!rule.id.empty()) {
      const auto [first, is_new] = origins.try_emplace(rule.id, rule.origin);
      if (!is_new) {
        tables.unusable.push_back(unusable(rule, "id: stands before in " + first->second));
        continue;
      }
    }
    if (!rule.correlation && matches_everything(rule) && !is_approved(rule, options)) {
      tables.unusable.push_back(
          unusable(rule,
                   "held for approval: it would match every event of its log source; narrow it, or approve "
                   "its id"));
      continue;
    }
    tables.rules.push_back(std::move(rule));
  }
}

/// A dash in a text that was folded stands for any of these in one that was not.
constexpr std::ptrdiff_t dashes_spelled_max = 2;

/// The texts that look like `folded` where dashes look alike.
std::vector<std::string> spellings(const std::string& folded) {
  std::vector<std::string> all = {""};
  for (const char c : folded) {
    std::vector<std::string> longer;
    for (const auto& text : all) {
      if (c != '-')
        longer.push_back(text + c);
      else
        for (const auto dash : dashes) longer.push_back(text + std::string(dash));
    }
    all = std::move(longer);
  }
  return all;
}

/// Atoms that stand wherever this one does, in View::lower where possible, so that each value is looked
/// through once: what is found so is evaluated anyway.
std::vector<Atom> widened(Atom atom) {
  const bool alike = atom.view == View::exact_dashes || atom.view == View::lower_dashes;
  atom.text = folded(atom.text, View::lower);
  atom.view = alike ? View::lower_dashes : View::lower;
  if (!alike || atom.not_ascii || std::ranges::count(atom.text, '-') > dashes_spelled_max)
    return {std::move(atom)};
  std::vector<Atom> all;
  atom.view = View::lower;
  for (auto& text : spellings(atom.text)) {
    all.push_back(atom);
    all.back().text = std::move(text);
  }
  return all;
}

using Literals = std::vector<LiteralIndex::Literal>;

class GroupMaker {
 public:
  /// What is looked for in every value goes to `keywords`.
  GroupMaker(Tables& tables, const LogRow& row, Literals& keywords)
      : tables_(tables), row_(row), keywords_(keywords) {}

  void add(std::uint32_t rule, Expressions& expressions) {
    Laid laid = expressions.lay(tables_.rules[rule], row_);
    const auto runnable = static_cast<std::uint32_t>(tables_.runnables.size());
    const auto group = static_cast<std::uint32_t>(tables_.groups.size());
    tables_.runnables.push_back({.rule = rule, .root = laid.node, .group = group});
    if (!laid.atoms) {
      group_.always.push_back(runnable);
      return;
    }
    for (auto& atom : laid.atoms->atoms)
      for (auto& one : widened(std::move(atom))) file(std::move(one), runnable);
  }

  Group finish() {
    for (const auto& [field, values] : row_.when) group_.when.emplace_back(tables_.fields.add(field), values);
    for (const auto& field : row_.present) group_.present.push_back(tables_.fields.add(field));
    for (auto& [place, wanted] : wanted_)
      group_.triggers.push_back({.field = place.first,
                                 .view = place.second,
                                 .literals = LiteralIndex(std::move(wanted.literals)),
                                 .not_ascii = std::move(wanted.not_ascii)});
    return std::move(group_);
  }

 private:
  struct Wanted {
    Literals literals;
    std::vector<std::uint32_t> not_ascii;
  };

  void file(Atom atom, std::uint32_t runnable) {
    if (atom.not_ascii) {
      wanted_[{atom.field, atom.view}].not_ascii.push_back(runnable);
    } else if (atom.field == any_field && atom.view == View::lower) {
      keywords_.push_back(
          {std::move(atom.text), Place::inside, runnable});  // values stand side by side there
      group_.has_keywords = true;
    } else {
      wanted_[{atom.field, atom.view}].literals.push_back({std::move(atom.text), atom.place, runnable});
    }
  }

  Tables& tables_;
  const LogRow& row_;
  Literals& keywords_;
  Group group_;
  std::map<std::pair<std::uint32_t, View>, Wanted> wanted_;
};

void add_gate(Tables& tables, std::uint32_t group_index) {
  const Group& group = tables.groups[group_index];
  const auto field = group.when.empty() ? group.present.front() : group.when.front().first;
  auto gate = std::ranges::find(tables.gates, field, &Tables::Gate::field);
  if (gate == tables.gates.end())
    gate = tables.gates.insert(gate, Tables::Gate{.field = field, .by_value = {}, .when_present = {}});
  if (group.when.empty()) {
    gate->when_present.push_back(group_index);
  } else {
    for (const auto& value : group.when.front().second) gate->by_value[value].push_back(group_index);
  }
}

void make_groups(Tables& tables, const CompileOptions& options) {
  std::vector<std::vector<std::uint32_t>> rules_of_row(options.log_rows.size());
  for (std::uint32_t i = 0; i < tables.rules.size(); ++i) {
    Rule& rule = tables.rules[i];
    if (rule.correlation) continue;
    const auto rows = rows_of(rule.logsource, options.log_rows);
    for (const auto row : rows) rules_of_row[row].push_back(i);
    if (rows.empty())
      rule.notes.push_back(fmt::format("nothing here reads its log source {}", to_text(rule.logsource)));
  }
  Expressions expressions(tables);
  Literals keywords;
  for (std::size_t row = 0; row < rules_of_row.size(); ++row) {
    if (rules_of_row[row].empty()) continue;
    GroupMaker maker(tables, options.log_rows[row], keywords);
    for (const auto rule : rules_of_row[row]) maker.add(rule, expressions);
    tables.groups.push_back(maker.finish());
    add_gate(tables, static_cast<std::uint32_t>(tables.groups.size() - 1));
  }
  tables.keywords = LiteralIndex(std::move(keywords));
}

}  // namespace

RuleSet compile_rules(RuleFile file, const CompileOptions& options) {
  auto tables = std::make_shared<Tables>();
  tables->unusable = std::move(file.unusable);
  sift(file, options, *tables);
  link_correlations(*tables);
  make_groups(*tables, options);
  RuleSet set;
  set.tables_ = std::move(tables);
  return set;
}

std::span<const Rule> RuleSet::rules() const {
  return tables_->rules;
}

std::span<const Unusable> RuleSet::unusable() const {
  return tables_->unusable;
}

bool RuleSet::reports(std::size_t rule) const {
  return !tables_->silent[rule];
}

std::size_t RuleSet::bytes() const {
  std::size_t bytes = 0;
  for (const auto& group : tables_->groups)
    for (const auto& trigger : group.triggers) bytes += trigger.literals.bytes();
  return bytes + tables_->keywords.bytes();
}

}  // namespace shieldwall::detect::sigma
