// The modifiers, one row each.
#include <re2/re2.h>

#include "base/text.h"
#include "detect/sigma/modifier_step.h"
#include "detect/sigma/number.h"

namespace shieldwall::detect::sigma {

namespace {

using Kind = Test::Kind;
using Wildcard = GlobPart::Kind;

using Step = ModifierStep;

template <typename Change>
Done for_each_test(const Step& step, Change change) {
  for (auto& draft : step.drafts.values)
    for (auto& test : draft.tests) TRY(change(test));
  return {};
}

Done place(const Step& step, bool open_front, bool open_back) {
  const Place wanted = open_front && open_back ? Place::inside : open_front ? Place::end : Place::begin;
  return for_each_test(step, [&](Test& test) -> Done {
    if (test.kind == Kind::field) {
      test.place = wanted;
    } else if (test.kind == Kind::regex) {
      if (wanted != Place::inside) return misfit(step, "does not go with a regular expression");
    } else if (test.kind == Kind::text) {
      Glob glob;
      if (open_front) glob.add(Wildcard::many);
      glob.add(test.glob);
      if (open_back) glob.add(Wildcard::many);
      test.glob = std::move(glob);
    } else {
      return misfit(step, "needs text");
    }
    return {};
  });
}

Done contains(const Step& step) {
  return place(step, true, true);
}
Done startswith(const Step& step) {
  return place(step, false, true);
}
Done endswith(const Step& step) {
  return place(step, true, false);
}

Done all(const Step& step) {
  step.drafts.item.all = true;
  return {};
}

Done neq(const Step& step) {
  step.drafts.item.negated = true;
  return {};
}

Done re(const Step& step) {
  for (auto& draft : step.drafts.values) {
    if (!draft.is_text) return misfit(step, "needs text");
    if (draft.tests.size() != 1 || !(draft.tests.front().glob == read_glob(draft.raw)))
      return misfit(step, "must stand before others that change the value");
    TRY(check_regex(draft.raw));
    draft.tests.front() = {.kind = Kind::regex, .text = draft.raw};
  }
  return {};
}

Done regex_flag(const Step& step) {
  return for_each_test(step, [&](Test& test) -> Done {
    if (test.kind != Kind::regex) return misfit(step, "goes with 're' only");
    const auto with_flag = fmt::format("(?{}){}", step.modifier, test.text);
    TRY(check_regex(with_flag));
    test.text = with_flag;
    return {};
  });
}

Done cidr(const Step& step) {
  for (auto& draft : step.drafts.values) {
    const auto network = model::parse_network(draft.raw);
    if (!draft.is_text || !network)
      return fail(ErrorCode::invalid, "'{}' is not a network", excerpt(draft.raw));
    draft.tests.front() = {.kind = Kind::network, .network = *network};
  }
  return {};
}

Done exists(const Step& step) {
  for (auto& draft : step.drafts.values) {
    const bool yes = equal_ignoring_case(draft.raw, "true") || equal_ignoring_case(draft.raw, "yes");
    if (!yes && !equal_ignoring_case(draft.raw, "false") && !equal_ignoring_case(draft.raw, "no"))
      return misfit(step, "needs true or false");
    draft.tests.front() = {.kind = Kind::exists, .exists = yes};
  }
  if (step.drafts.item.field.empty()) return misfit(step, "needs a field");
  return {};
}

Done cased(const Step& step) {
  return for_each_test(step, [&](Test& test) -> Done {
    if (test.kind != Kind::text && test.kind != Kind::field) return misfit(step, "needs text");
    test.view = test.view == View::lower ? View::exact : View::exact_dashes;
    return {};
  });
}

Done windash(const Step& step) {
  step.drafts.dashes = true;
  return for_each_test(step, [&](Test& test) -> Done {
    if (test.kind != Kind::text) return misfit(step, "needs text");
    test.view = test.view == View::lower ? View::lower_dashes : View::exact_dashes;
    return {};
  });
}

Done fieldref(const Step& step) {
  for (auto& draft : step.drafts.values) {
    if (!draft.is_text || draft.raw.empty()) return misfit(step, "needs the name of a field");
    Place place = Place::whole;
    const auto before = step.drafts.last_modifier;
    if (before == "contains") place = Place::inside;
    if (before == "startswith") place = Place::begin;
    if (before == "endswith") place = Place::end;
    const auto view = draft.tests.front().view;
    draft.tests = {{.kind = Kind::field, .view = view, .text = draft.raw, .place = place}};
  }
  return {};
}

Done compare(const Step& step) {
  const Compare how = step.modifier == "lt"    ? Compare::less
                      : step.modifier == "lte" ? Compare::less_equal
                      : step.modifier == "gt"  ? Compare::greater
                                               : Compare::greater_equal;
  for (auto& draft : step.drafts.values) {
    const auto number = parse_number(draft.raw);
    if (!number) return fail(ErrorCode::invalid, "'{}' is not a number", excerpt(draft.raw));
    const auto part = draft.tests.front().part;
    draft.tests = {{.kind = Kind::number, .compare = how, .part = part, .number = *number}};
  }
  return {};
}

Done time_part(const Step& step) {
  static constexpr std::string_view names[] = {"", "minute", "hour", "day", "week", "month", "year"};
  TimePart part = TimePart::none;
  for (std::size_t i = 1; i < std::size(names); ++i)
    if (step.modifier == names[i]) part = static_cast<TimePart>(i);
  for (auto& draft : step.drafts.values) {
    const auto number = parse_number(draft.raw);
    if (!number) return fail(ErrorCode::invalid, "'{}' is not a number", excerpt(draft.raw));
    const auto how = draft.tests.front().kind == Kind::number ? draft.tests.front().compare : Compare::equal;
    draft.tests = {{.kind = Kind::number, .compare = how, .part = part, .number = *number}};
  }
  return {};
}

struct Row {
  std::string_view name;
  Done (*apply)(const Step& step);
};

constexpr Row rows[] = {
    {"contains", contains},
    {"startswith", startswith},
    {"endswith", endswith},
    {"all", all},
    {"neq", neq},
    {"exists", exists},
    {"cased", cased},
    {"windash", windash},
    {"re", re},
    {"i", regex_flag},
    {"m", regex_flag},
    {"s", regex_flag},
    {"base64", base64},
    {"base64offset", base64offset},
    {"wide", utf16},
    {"utf16le", utf16},
    {"utf16be", utf16},
    {"utf16", utf16},
    {"lt", compare},
    {"lte", compare},
    {"gt", compare},
    {"gte", compare},
    {"minute", time_part},
    {"hour", time_part},
    {"day", time_part},
    {"week", time_part},
    {"month", time_part},
    {"year", time_part},
    {"cidr", cidr},
    {"expand", expand},
    {"fieldref", fieldref},
};

}  // namespace

Done check_regex(const std::string& expression) {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(regex_bytes_max);
  const RE2 regex(expression, options);
  if (regex.ok()) return {};
  const bool never = expression.find("(?=") != expression.npos || expression.find("(?!") != expression.npos ||
                     expression.find("(?<=") != expression.npos || expression.find("(?<!") != expression.npos;
  return fail(ErrorCode::invalid,
              "the regular expression '{}' cannot be used: {}{}",
              excerpt(expression, 80),
              excerpt(regex.error(), 120),
              never ? " (look-around does not run in linear time)" : "");
}

Done apply_modifier(std::string_view modifier,
                    Drafts& drafts,
                    const ReadOptions& options,
                    std::vector<std::string>& notes) {
  for (const auto& row : rows)
    if (row.name == modifier) return row.apply({drafts, options, notes, modifier});
  return fail(ErrorCode::invalid, "no modifier is called '{}'", excerpt(modifier));
}

}  // namespace shieldwall::detect::sigma
