#include "detect/sigma/item.h"

#include "base/text.h"
#include "detect/sigma/draft.h"

namespace shieldwall::detect::sigma {

namespace {

Result<Draft> draft_of(const Yaml& value) {
  Draft draft;
  draft.raw = value.text;
  switch (value.kind) {
    case YamlKind::null:
      draft.is_null = true;
      draft.tests.push_back({.kind = Test::Kind::null});
      return draft;
    case YamlKind::scalar:
      draft.is_text = true;
      draft.tests.push_back({.kind = Test::Kind::text, .glob = read_glob(value.text)});
      return draft;
    case YamlKind::list:
    case YamlKind::map:
      break;
  }
  return fail(ErrorCode::invalid, "line {}: a value is a list or a map of its own", value.line);
}

Done check_count(const Drafts& drafts) {
  std::size_t tests = 0;
  for (const auto& draft : drafts.values) tests += draft.tests.size();
  if (tests > item_tests_max) return fail(ErrorCode::exhausted, "has more than {} values", item_tests_max);
  return {};
}

/// A keyword may stand anywhere in a value.
void open_both_ends(Test& test) {
  if (test.kind != Test::Kind::text) return;
  Glob glob;
  glob.add(GlobPart::Kind::many);
  glob.add(test.glob);
  glob.add(GlobPart::Kind::many);
  test.glob = std::move(glob);
}

Done finish_keywords(Item& item) {
  for (auto& tests : item.values)
    for (auto& test : tests) {
      if (test.kind != Test::Kind::text && test.kind != Test::Kind::regex)
        return fail(ErrorCode::invalid, "a keyword is text or a regular expression");
      open_both_ends(test);
    }
  return {};
}

}  // namespace

Result<Item> read_item(std::string_view key,
                       const Yaml& value,
                       const ReadOptions& options,
                       std::vector<std::string>& notes) {
  const auto words = split(key, '|');
  Drafts drafts;
  drafts.item.field = std::string(words.front());
  if (value.is(YamlKind::list)) {
    if (value.items.empty()) return fail(ErrorCode::invalid, "'{}': an empty list", excerpt(key, 100));
    for (const auto& one : value.items) drafts.values.push_back(TRY(draft_of(one)));
  } else {
    drafts.values.push_back(TRY(draft_of(value)));
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto applied = apply_modifier(words[i], drafts, options, notes);
    if (!applied) return fail(Error(applied.error()).within(fmt::format("'{}'", excerpt(key, 100))));
    drafts.last_modifier = words[i];
    TRY(check_count(drafts));
  }
  for (auto& draft : drafts.values) drafts.item.values.push_back(std::move(draft.tests));
  if (drafts.item.field.empty()) TRY(finish_keywords(drafts.item));
  return std::move(drafts.item);
}

Result<Item> read_keywords(std::span<const Yaml> values) {
  Item item;
  for (const auto& value : values) {
    auto draft = TRY(draft_of(value));
    item.values.push_back(std::move(draft.tests));
  }
  TRY(finish_keywords(item));
  return item;
}

}  // namespace shieldwall::detect::sigma
