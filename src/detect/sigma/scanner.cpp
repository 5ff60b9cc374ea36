#include <algorithm>
#include <array>
#include <cstring>

#include "detect/sigma/number.h"
#include "detect/sigma/rule_set.h"
#include "detect/sigma/tables.h"

namespace shieldwall::detect::sigma {

namespace {

constexpr std::uint32_t nothing = UINT32_MAX;

bool is_null(const Field& field) {
  return !field.is_text && field.value == "null";
}

bool stands(std::string_view part, Place place, std::string_view text) {
  switch (place) {
    case Place::whole:
      return text == part;
    case Place::begin:
      return text.starts_with(part);
    case Place::end:
      return text.ends_with(part);
    case Place::inside:
      return text.find(part) != text.npos;
  }
  return false;
}

bool is_in(const model::Network& network, std::string_view text) {
  if (const auto v4 = model::parse_ipv4(text)) return network.holds(model::Address::of_v4(*v4));
  const auto v6 = model::parse_ipv6(text);
  return v6 && network.holds(*v6);
}

bool number_passes(const Test& test, std::string_view value) {
  const auto number = test.part == TimePart::none ? parse_number(value) : part_of_time(value, test.part);
  return number && holds(test.compare, *number, test.number);
}

}  // namespace

/// Everything about one event, in memory that is kept from event to event.
struct Scanner::State {
  explicit State(RuleSet given) : rules(std::move(given)), tables(*rules.tables_) {
    first_of.assign(tables.fields.size(), {});
    known.assign(tables.predicates.size(), 0);
    queued.assign(tables.runnables.size(), 0);
    looked_at.assign(tables.groups.size(), 0);
  }

  void begin(const Record& record) {
    if (++serial >= UINT32_MAX / 2) restart();
    event = &record;
    next_of.assign(record.fields.size(), nothing);
    seen.assign(record.fields.size() * views, {});
    std::size_t bytes = 0;
    for (const auto& field : record.fields) bytes += field.value.size();
    if (folded_bytes.size() < bytes * views) folded_bytes.resize(bytes * views);
    folded_size = 0;
    for (std::size_t i = record.fields.size(); i-- > 0;) {  // backwards: the first of a name ends in front
      const auto id = tables.fields.find(record.fields[i].name);
      if (id == FieldNames::none) continue;
      auto& first = first_of[id];
      if (first.serial == serial) next_of[i] = first.index;
      first = {serial, static_cast<std::uint32_t>(i)};
    }
    queue.clear();
    found.clear();
    keywords_wanted = false;
  }

  void restart() {
    serial = 1;
    std::ranges::fill(first_of, First{});
    std::ranges::fill(known, 0);
    std::ranges::fill(queued, 0);
    std::ranges::fill(looked_at, 0);
  }

  std::uint32_t first(std::uint32_t field) const {
    return first_of[field].serial == serial ? first_of[field].index : nothing;
  }

  /// The value of the event's i-th field as `view` sees it, folded at most once.
  std::string_view seen_as(std::uint32_t i, View view) {
    const auto value = event->fields[i].value;
    if (view == View::exact || value.empty()) return value;
    auto& text = seen[i * views + static_cast<std::size_t>(view)];
    if (text.data() == nullptr) {
      char* const out = folded_bytes.data() + folded_size;
      const auto size = fold(value, view, out);
      folded_size += size;
      text = {out, size};
    }
    return text;
  }

  /// Whether `passes(index)` for a value of the field that is not null.
  template <typename Passes>
  bool any_value(std::uint32_t field, Passes passes) {
    if (field == any_field) {
      for (std::uint32_t i = 0; i < event->fields.size(); ++i)
        if (!is_null(event->fields[i]) && passes(i)) return true;
      return false;
    }
    for (auto i = first(field); i != nothing; i = next_of[i])
      if (!is_null(event->fields[i]) && passes(i)) return true;
    return false;
  }

  bool test(const Predicate& predicate) {
    const Test& test = predicate.test;
    switch (predicate.kind) {
      case Predicate::Kind::texts: {
        const auto& set = tables.texts[predicate.other];
        return any_value(predicate.field, [&](auto i) { return set.matches(seen_as(i, set.view())); });
      }
      case Predicate::Kind::regex:
        return any_value(predicate.field, [&](auto i) {
          const auto& regex = tables.regexes[predicate.other];
          return regex.may_be_in(seen_as(i, View::lower)) && regex.found_in(event->fields[i].value);
        });
      case Predicate::Kind::network:
        return any_value(predicate.field,
                         [&](auto i) { return is_in(test.network, event->fields[i].value); });
      case Predicate::Kind::number:
        return any_value(predicate.field,
                         [&](auto i) { return number_passes(test, event->fields[i].value); });
      case Predicate::Kind::exists:
        return (first(predicate.field) != nothing) == test.exists;
      case Predicate::Kind::null:
        return !any_value(predicate.field, [](auto) { return true; });
      case Predicate::Kind::field:
        return any_value(predicate.field, [&](auto i) {
          return any_value(predicate.other, [&](auto k) {
            return stands(seen_as(k, test.view), test.place, seen_as(i, test.view));
          });
        });
      case Predicate::Kind::never:
        break;
    }
    return false;
  }

  bool holds_predicate(std::uint32_t index) {
    auto& memory = known[index];
    if (memory >> 1 != serial)
      memory = serial << 1 | static_cast<std::uint32_t>(test(tables.predicates[index]));
    return (memory & 1) != 0;
  }

  bool holds_node(std::uint32_t index) {
    const Node& node = tables.nodes[index];
    if (node.kind == Node::Kind::predicate) return holds_predicate(node.first);
    if (node.kind == Node::Kind::no) return !holds_node(tables.children[node.first]);
    const bool stop_at = node.kind == Node::Kind::any;
    for (std::uint32_t i = 0; i < node.count; ++i)
      if (holds_node(tables.children[node.first + i]) == stop_at) return stop_at;
    return !stop_at;
  }

  bool has_one_of(std::uint32_t field, const std::vector<std::string>& values) {
    return any_value(
        field, [&](auto i) { return std::ranges::find(values, seen_as(i, View::lower)) != values.end(); });
  }

  bool is_for(const Group& group) {
    for (const auto& [field, values] : group.when)
      if (!has_one_of(field, values)) return false;
    return std::ranges::all_of(group.present, [&](auto field) { return first(field) != nothing; });
  }

  void enqueue(std::uint32_t runnable) {
    if (queued[runnable] == serial) return;
    queued[runnable] = serial;
    queue.push_back(runnable);
  }

  void pull(const FieldTriggers& triggers) {
    any_value(triggers.field, [&](auto i) {
      const auto text = seen_as(i, triggers.view);
      triggers.literals.find(text, [&](std::uint32_t runnable) {
        enqueue(runnable);
        return false;
      });
      if (!triggers.not_ascii.empty() && std::ranges::any_of(text, [](char c) { return c < 0; }))
        for (const auto runnable : triggers.not_ascii) enqueue(runnable);
      return false;
    });
  }

  void look_at(std::uint32_t index) {
    const Group& group = tables.groups[index];
    if (looked_at[index] == serial || !is_for(group)) return;
    looked_at[index] = serial;
    for (const auto& triggers : group.triggers) pull(triggers);
    for (const auto runnable : group.always) enqueue(runnable);
    keywords_wanted = keywords_wanted || group.has_keywords;
  }

  /// Looks for the keywords of all groups that the event is for. What stands across two values is one of
  /// them to no rule, which its evaluation finds out.
  void pull_keywords() {
    if (!keywords_wanted) return;
    all_values.clear();
    for (std::uint32_t i = 0; i < event->fields.size(); ++i) all_values += seen_as(i, View::lower);
    tables.keywords.find(all_values, [&](std::uint32_t runnable) {
      if (looked_at[tables.runnables[runnable].group] == serial) enqueue(runnable);
      return false;
    });
  }

  void find_groups() {
    for (const auto& gate : tables.gates) {
      if (first(gate.field) == nothing) continue;
      for (const auto group : gate.when_present) look_at(group);
      any_value(gate.field, [&](auto i) {
        const auto found_at = gate.by_value.find(seen_as(i, View::lower));
        if (found_at != gate.by_value.end())
          for (const auto group : found_at->second) look_at(group);
        return false;
      });
    }
  }

  void evaluate() {
    for (const auto index : queue) {
      const auto& runnable = tables.runnables[index];
      ++evaluated;
      if (holds_node(runnable.root)) found.push_back(runnable.rule);
    }
    std::ranges::sort(found);
    const auto again = std::ranges::unique(found);  // by two rows of its log source
    found.erase(again.begin(), again.end());
  }

  struct First {
    std::uint32_t serial = 0;
    std::uint32_t index = 0;
  };

  RuleSet rules;
  const Tables& tables;
  const Record* event = nullptr;
  std::uint32_t serial = 0;
  std::vector<First> first_of;         // by field: where it stands in the event
  std::vector<std::uint32_t> next_of;  // by place in the event: where its name stands next
  std::vector<std::string_view> seen;  // by place and view
  std::vector<char> folded_bytes;
  std::size_t folded_size = 0;
  std::vector<std::uint32_t> looked_at;  // by group: the serial of an event that it is for
  bool keywords_wanted = false;
  std::string all_values;
  std::vector<std::uint32_t> known;   // by predicate: the serial it was tested at, and the answer
  std::vector<std::uint32_t> queued;  // by runnable: the serial it was queued at
  std::vector<std::uint32_t> queue;
  std::vector<std::uint32_t> found;
  std::uint64_t evaluated = 0;
};

Scanner::Scanner(RuleSet rules) : state_(std::make_unique<State>(std::move(rules))) {}
Scanner::~Scanner() = default;
Scanner::Scanner(Scanner&&) noexcept = default;

std::span<const std::uint32_t> Scanner::scan(const Record& event) {
  state_->begin(event);
  state_->find_groups();
  state_->pull_keywords();
  state_->evaluate();
  return state_->found;
}

std::uint64_t Scanner::evaluated() const {
  return state_->evaluated;
}

}  // namespace shieldwall::detect::sigma
