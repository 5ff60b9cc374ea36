// Modifiers that compare with encoded text.
#include "base/bytes.h"
#include "detect/sigma/encode.h"
#include "detect/sigma/modifier_step.h"

namespace shieldwall::detect::sigma {

namespace {

using Step = ModifierStep;
using Forms = Result<std::vector<std::string>>;

constexpr std::size_t permutations_max = 3'125;  // five dashes at five places, encoded

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
      if (test.kind != Test::Kind::text || !draft.is_text) return misfit(step, "needs text");
      if (test.glob.has_wildcards()) return misfit(step, "cannot encode wildcards; put it before 'contains'");
      std::vector<std::string> plain = {std::string(test.glob.plain())};
      const bool dashes = test.view == View::lower_dashes || test.view == View::exact_dashes;
      if (dashes) plain = TRY(dash_permutations(step, test.glob.plain()));
      for (const auto& text : plain) {
        const std::vector<std::string> forms = TRY(encode_one(text));
        for (const auto& form : forms) {
          Test one{.kind = Test::Kind::text, .view = View::exact};
          one.glob.add(form);
          encoded.push_back(std::move(one));
        }
      }
    }
    draft.tests = std::move(encoded);
  }
  return {};
}

}  // namespace

Done base64(const ModifierStep& step) {
  return encode(step, [](const std::string& text) -> Forms { return std::vector{to_base64(text)}; });
}

Done base64offset(const ModifierStep& step) {
  return encode(step, [&](const std::string& text) -> Forms {
    std::vector<std::string> forms;
    for (auto& form : base64_offsets(text))
      if (!form.empty()) forms.push_back(std::move(form));
    if (forms.size() < 3) return misfit(step, "needs a longer value: too little of it would stay the same");
    return forms;
  });
}

Done utf16(const ModifierStep& step) {
  const auto form = step.modifier == "utf16be" ? Utf16::big
                    : step.modifier == "utf16" ? Utf16::little_with_mark
                                               : Utf16::little;
  return encode(step,
                [&](const std::string& text) -> Forms { return std::vector{TRY(to_utf16(text, form))}; });
}

}  // namespace shieldwall::detect::sigma
