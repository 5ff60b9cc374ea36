// The modifier that fills in placeholders.
#include "detect/sigma/modifier_step.h"

namespace shieldwall::detect::sigma {

namespace {

using Step = ModifierStep;

constexpr std::size_t expansions_max = 100'000;  // values of one placeholder

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
    if (part.kind != GlobPart::Kind::literal) {
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

}  // namespace

Done expand(const ModifierStep& step) {
  for (auto& draft : step.drafts.values) {
    std::vector<Test> filled;
    for (const auto& test : draft.tests) {
      if (test.kind != Test::Kind::text) return misfit(step, "needs text");
      for (auto& glob : TRY(expansions(step, test.glob))) {
        filled.push_back(test);
        filled.back().glob = std::move(glob);
      }
    }
    draft.tests = std::move(filled);
  }
  return {};
}

}  // namespace shieldwall::detect::sigma
