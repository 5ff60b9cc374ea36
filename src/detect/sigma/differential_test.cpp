// The compiled rules against a second reading of the specification: slow, no tables, no automata, no sharing.
#include <algorithm>
#include <cctype>
#include <functional>
#include <random>

#include <doctest/doctest.h>

#include "detect/sigma/rule_set.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect;
using namespace shieldwall::detect::sigma;

namespace {

// ---- a rule as its text is written, and what the specification says of it ----

struct NaiveItem {
  std::string field, modifiers;
  std::vector<std::string> values;
};

struct NaiveRule {
  std::vector<std::vector<NaiveItem>> searches;  // each all of its items
  std::vector<bool> list_of_maps;                // then any of its items
  std::string condition;                         // names s0, s1 ...
  std::function<bool(const std::vector<bool>&)> holds;
};

using Event = std::vector<std::pair<std::string, std::string>>;

/// Deliberate mistakes, to see that the comparison notices them.
enum class Defect { none, cased, all_is_any, star_is_not_empty, absent_is_empty };

std::string lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool has(const std::string& modifiers, std::string_view one) {
  return ("|" + modifiers + "|").contains("|" + std::string(one) + "|");
}

/// What contains, startswith and endswith put around a value: a star that no backslash before it escapes.
constexpr char open_end = '\x01';

/// One character of the pattern at a time, every way a star can go.
bool like(std::string_view pattern, std::string_view text, Defect defect) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*' || pattern[0] == open_end) {
    for (std::size_t skip = defect == Defect::star_is_not_empty ? 1 : 0; skip <= text.size(); ++skip)
      if (like(pattern.substr(1), text.substr(skip), defect)) return true;
    return false;
  }
  if (text.empty()) return false;
  std::size_t size = 1;
  if (pattern[0] == '\\' && pattern.size() > 1 && std::string_view("\\*?").contains(pattern[1])) {
    size = 2;
    if (text[0] != pattern[1]) return false;
  } else if (pattern[0] != '?' && text[0] != pattern[0]) {
    return false;
  }
  return like(pattern.substr(size), text.substr(1), defect);
}

std::string dashes_alike(std::string text) {
  for (char& c : text)
    if (c == '/') c = '-';
  return text;
}

bool value_passes(const NaiveItem& item, std::string pattern, std::string text, Defect defect) {
  if (!has(item.modifiers, "cased") && defect != Defect::cased) {
    pattern = lowered(pattern);
    text = lowered(text);
  }
  if (has(item.modifiers, "windash")) {
    pattern = dashes_alike(pattern);
    text = dashes_alike(text);
  }
  const bool keyword = item.field.empty();
  if (keyword || has(item.modifiers, "contains") || has(item.modifiers, "endswith"))
    pattern = open_end + pattern;
  if (keyword || has(item.modifiers, "contains") || has(item.modifiers, "startswith")) pattern += open_end;
  return like(pattern, text, defect);
}

bool item_holds(const NaiveItem& item, const Event& event, Defect defect) {
  const auto some_value = [&](const std::string& pattern) {
    bool found = false, there = false;
    for (const auto& [name, value] : event) {
      if (!item.field.empty() && name != item.field) continue;
      there = true;
      found = found || value_passes(item, pattern, value, defect);
    }
    if (!there && defect == Defect::absent_is_empty) return value_passes(item, pattern, "", defect);
    return found;
  };
  bool any = false, all = true;
  for (const auto& value : item.values) {
    const bool passes = some_value(value);
    any = any || passes;
    all = all && passes;
  }
  const bool holds = has(item.modifiers, "all") && defect != Defect::all_is_any ? all : any;
  return holds != has(item.modifiers, "neq");
}

bool naive(const NaiveRule& rule, const Event& event, Defect defect) {
  std::vector<bool> searches;
  for (std::size_t i = 0; i < rule.searches.size(); ++i) {
    bool any = false, all = true;
    for (const auto& item : rule.searches[i]) {
      const bool holds = item_holds(item, event, defect);
      any = any || holds;
      all = all && holds;
    }
    searches.push_back(rule.list_of_maps[i] ? any : all);
  }
  return rule.holds(searches);
}

// ---- random rules and events, over few letters so that they meet ----

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }

  std::string word(std::string_view letters, std::size_t longest) {
    std::string text;
    for (std::size_t i = below(longest + 1); i > 0; --i) text += letters[below(letters.size())];
    return text;
  }

  NaiveItem item() {
    static const std::string places[] = {"", "contains", "startswith", "endswith"};
    NaiveItem item{.field = one_in(8) ? "" : "F" + std::to_string(below(3)),
                   .modifiers = places[below(4)],
                   .values = {}};
    for (const auto* const more : {"cased", "windash", "all", "neq"})
      if (one_in(5)) item.modifiers += (item.modifiers.empty() ? "" : "|") + std::string(more);
    if (item.field.empty()) item.modifiers = has(item.modifiers, "all") ? "all" : "";
    for (std::size_t i = one_in(4) ? 8 : 1 + below(3); i > 0; --i)
      item.values.push_back(word("aaabbBc\\-/*?", one_in(3) ? 9 : 4));
    return item;
  }

  NaiveRule rule() {
    NaiveRule rule;
    for (std::size_t i = 1 + below(3); i > 0; --i) {
      auto& items = rule.searches.emplace_back();
      for (std::size_t k = 1 + below(2); k > 0; --k) {
        auto one = item();
        const bool again = std::ranges::any_of(items, [&](const NaiveItem& known) {
          return known.field == one.field && known.modifiers == one.modifiers;
        });
        if (!again) items.push_back(std::move(one));  // a map has each key once
      }
      rule.list_of_maps.push_back(one_in(3));
    }
    condition(rule);
    return rule;
  }

  Event event() {
    Event event;
    for (std::size_t i = below(5); i > 0; --i)
      event.emplace_back("F" + std::to_string(below(3)), word("aaabbBc\\-/", 14));
    return event;
  }

 private:
  void condition(NaiveRule& rule) {
    const std::size_t last = rule.searches.size() - 1;
    switch (below(6)) {
      case 0:
        rule.condition = "1 of s*";
        rule.holds = [](const auto& s) { return std::ranges::any_of(s, std::identity()); };
        return;
      case 1:
        rule.condition = "all of them";
        rule.holds = [](const auto& s) { return std::ranges::all_of(s, std::identity()); };
        return;
      case 2:
        rule.condition = fmt::format("s0 and not s{}", last);
        rule.holds = [last](const auto& s) { return s[0] && !s[last]; };
        return;
      case 3:
        rule.condition = fmt::format("not (s0 or s{})", last);
        rule.holds = [last](const auto& s) { return !(s[0] || s[last]); };
        return;
      case 4:
        rule.condition = fmt::format("s0 or s{} and not s0", last);
        rule.holds = [last](const auto& s) { return s[0] || (s[last] && !s[0]); };
        return;
      default:
        rule.condition = "s0";
        rule.holds = [](const auto& s) { return s[0]; };
    }
  }

  std::mt19937_64 random_;
};

std::string yaml_of(const NaiveRule& rule, std::size_t number) {
  std::string text =
      fmt::format("title: Rule {0}\nid: '{0}'\nlogsource: {{product: windows}}\ndetection:\n", number);
  for (std::size_t i = 0; i < rule.searches.size(); ++i) {
    text += fmt::format("  s{}:\n", i);
    bool first = true;
    for (const auto& item : rule.searches[i]) {
      const auto* const dash = rule.list_of_maps[i] ? "    - " : first ? "      " : "      ";
      first = false;
      const auto key =
          item.modifiers.empty() && !item.field.empty() ? item.field : item.field + "|" + item.modifiers;
      if (item.field.empty() && item.modifiers.empty()) {
        text += fmt::format("{}'|contains':\n", dash);
      } else {
        text += fmt::format("{}'{}':\n", dash, key);
      }
      for (const auto& value : item.values) text += fmt::format("          - '{}'\n", value);
    }
  }
  return text + "  condition: " + rule.condition + "\n---\n";
}

struct World {
  std::vector<NaiveRule> rules;
  RuleSet compiled;
};

World a_world(Chance& chance, std::size_t count) {
  World world;
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    world.rules.push_back(chance.rule());
    text += yaml_of(world.rules.back(), i);
  }
  RuleFile file;
  read_rules(text, "random.yml", {}, file);
  std::vector<std::string> approved;
  for (std::size_t i = 0; i < count; ++i) approved.push_back(std::to_string(i));
  world.compiled = compile_rules(std::move(file), {.approved = approved});
  for (const auto& one : world.compiled.unusable()) FAIL(one.reason);
  return world;
}

/// How often the two readings differ over `events` events; the first difference is told.
std::size_t differences(std::uint64_t seed, std::size_t events, Defect defect) {
  Chance chance(seed);
  const auto world = a_world(chance, 40);
  sigma::Scanner scanner(world.compiled);
  std::size_t different = 0;
  for (std::size_t i = 0; i < events; ++i) {
    auto event = chance.event();
    event.insert(event.begin(), {{"Channel", "C"}, {"EventID", "1"}});
    Record record;
    for (const auto& [name, value] : event) record.fields.push_back({.name = name, .value = value});
    const auto fired = scanner.scan(record);
    for (std::uint32_t k = 0; k < world.rules.size(); ++k) {
      const bool compiled = std::ranges::binary_search(fired, k);
      if (compiled == naive(world.rules[k], event, defect)) continue;
      if (different++ == 0 && defect == Defect::none) {
        MESSAGE(yaml_of(world.rules[k], k) << (compiled ? "fires" : "does not fire"));
        for (const auto& [name, value] : event) MESSAGE(name << " = " << value);
      }
    }
  }
  return different;
}

}  // namespace

TEST_CASE("compiled rules agree with a naive reading on random rules and events") {
  const auto worlds = static_cast<std::uint64_t>(tests::test_size("sigma_worlds"));
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    CAPTURE(seed);
    REQUIRE(differences(seed, 200, Defect::none) == 0);
  }
}

TEST_CASE("the comparison notices each deliberate mistake in the naive reading") {
  for (const auto defect :
       {Defect::cased, Defect::all_is_any, Defect::star_is_not_empty, Defect::absent_is_empty}) {
    std::size_t noticed = 0;
    for (std::uint64_t seed = 1; seed <= 3 && noticed == 0; ++seed) noticed += differences(seed, 200, defect);
    CAPTURE(static_cast<int>(defect));
    CHECK(noticed > 0);
  }
}
