// The modifiers, one row each.
#include <charconv>
#include <cmath>

#include <re2/re2.h>

#include "base/bytes.h"
#include "base/text.h"
#include "detect/sigma/draft.h"
#include "detect/sigma/encode.h"
#include "detect/sigma/number.h"

namespace shieldwall::detect::sigma {

namespace {

using Kind = Test::Kind;
using Wildcard = GlobPart::Kind;

constexpr std::size_t permutations_max = 3'125;  // five dashes at five places, encoded
constexpr std::size_t expansions_max = 100'000;  // values of one placeholder

struct Step {
  Drafts& drafts;
  const ReadOptions& options;
  std::vector<std::string>& notes;
  std::string_view modifier;
};

std::unexpected<Error> misfit(const Step& step, std::string_view why) {
  return fail(ErrorCode::invalid, "the modifier '{}' {}", step.modifier, why);
}

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

/// Every way to write the dashes of `text`, since what is encoded cannot be compared with dashes made alike.
Result<std::vector<std::string>> dash_permutations(const Step& step, std::string_view text) {
  static constexpr std::string_view dashes[] = {"-", "/", "\u2013", "\u2014", "\u2015"};
  std::vector<std::string> written = {""};
  const auto alike = folded(text, View::exact_dashes);
  std::size_t at = 0;
  for (std::size_t i = 0; i < alike.size(); ++i) {
    std::size_t size = 1;
    if (alike[i] == '-' && text[at] == '\xE2') size = 3;
    std::vector<std::string> next;
    for (const auto& one : written) {
      if (alike[i] != '-')
        next.push_back(one + alike[i]);
      else
        for (const auto dash : dashes) next.push_back(one + std::string(dash));
    }
    written = std::move(next);
    at += size;
    if (written.size() > permutations_max) return misfit(step, "has too many dashes to encode each way");
  }
  return written;
}

template <typename Encode>
Done encode(const Step& step, Encode encode_one) {
  for (auto& draft : step.drafts.values) {
    std::vector<Test> encoded;
    for (const auto& test : draft.tests) {
      if (test.kind != Kind::text || !draft.is_text) return misfit(step, "needs text");
      if (test.glob.has_wildcards()) return misfit(step, "cannot encode wildcards; put it before 'contains'");
      std::vector<std::string> plain = {std::string(test.glob.plain())};
      const bool dashes = test.view == View::lower_dashes || test.view == View::exact_dashes;
      if (dashes) plain = TRY(dash_permutations(step, test.glob.plain()));
      for (const auto& text : plain) {
        const std::vector<std::string> forms = TRY(encode_one(text));
        for (const auto& form : forms) {
          Test one{.kind = Kind::text, .view = View::exact};
          one.glob.add(form);
          encoded.push_back(std::move(one));
        }
      }
    }
    draft.tests = std::move(encoded);
  }
  return {};
}

using Forms = Result<std::vector<std::string>>;

Done base64(const Step& step) {
  return encode(step, [](const std::string& text) -> Forms { return std::vector{to_base64(text)}; });
}

Done base64offset(const Step& step) {
  return encode(step, [&](const std::string& text) -> Forms {
    std::vector<std::string> forms;
    for (auto& form : base64_offsets(text))
      if (!form.empty()) forms.push_back(std::move(form));
    if (forms.size() < 3) return misfit(step, "needs a longer value: too little of it would stay the same");
    return forms;
  });
}

Done utf16(const Step& step) {
  const auto form = step.modifier == "utf16be" ? Utf16::big
                    : step.modifier == "utf16" ? Utf16::little_with_mark
                                               : Utf16::little;
  return encode(step,
                [&](const std::string& text) -> Forms { return std::vector{TRY(to_utf16(text, form))}; });
}

/// The part of a glob that a placeholder's name may stand in, split at %name%; `\%` is a plain percent sign.
struct Split {
  std::vector<std::string> texts;  // one more than names
  std::vector<std::string> names;
};

Split split_placeholders(std::string_view text) {
  Split split{{""}, {}};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '%') {
      split.texts.back() += '%';
      ++i;
      continue;
    }
    const auto end = text[i] == '%' ? text.find('%', i + 1) : text.npos;
    const auto name = end == text.npos ? "" : text.substr(i + 1, end - i - 1);
    if (!name.empty() && name.find_first_of(" \\/%") == name.npos) {
      split.names.emplace_back(name);
      split.texts.emplace_back();
      i = end;
    } else {
      split.texts.back() += text[i];
    }
  }
  return split;
}

Result<std::vector<std::string>> placeholder_values(const Step& step, const std::string& name) {
  if (step.options.placeholders != nullptr)
    if (auto values = step.options.placeholders->values(name)) {
      if (values->size() > expansions_max)
        return fail(
            ErrorCode::exhausted, "the placeholder %{}% has more than {} values", name, expansions_max);
      return std::move(*values);
    }
  step.notes.push_back(
      fmt::format("the placeholder %{0}% has no values, so what asks for it matches nothing; put them into "
                  "{0}.txt of the "
                  "placeholder folder, one a line",
                  excerpt(name)));
  return std::vector<std::string>{};
}

/// Every glob that `glob` stands for once the placeholders of its literals are filled in.
Result<std::vector<Glob>> expansions(const Step& step, const Glob& glob) {
  std::vector<Glob> done(1);
  const auto append = [&done](const Glob& more) {
    for (auto& one : done) one.add(more);
  };
  for (const auto& part : glob.parts) {
    if (part.kind != Wildcard::literal) {
      append({{part}});
      continue;
    }
    const auto split = split_placeholders(part.text);
    for (std::size_t i = 0; i < split.texts.size(); ++i) {
      Glob text;
      text.add(split.texts[i]);
      append(text);
      if (i == split.names.size()) break;
      const auto values = TRY(placeholder_values(step, split.names[i]));
      if (values.size() * done.size() > expansions_max)
        return fail(ErrorCode::exhausted, "its placeholders give more than {} values", expansions_max);
      std::vector<Glob> next;
      for (const auto& one : done)
        for (const auto& value : values) {
          next.push_back(one);
          next.back().add(read_glob(value));
        }
      done = std::move(next);
    }
  }
  return done;
}

Done expand(const Step& step) {
  for (auto& draft : step.drafts.values) {
    std::vector<Test> filled;
    for (const auto& test : draft.tests) {
      if (test.kind != Kind::text) return misfit(step, "needs text");
      for (auto& glob : TRY(expansions(step, test.glob))) {
        filled.push_back(test);
        filled.back().glob = std::move(glob);
      }
    }
    draft.tests = std::move(filled);
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
