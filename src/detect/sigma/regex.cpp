#include "detect/sigma/regex.h"

#include <algorithm>

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include "base/text.h"
#include "detect/sigma/number.h"

namespace shieldwall::detect::sigma {

namespace {

constexpr std::size_t tried_max = 64;
constexpr std::size_t looked_for_max = 6;  // with more texts, looking for them is not cheaper

RE2::Options options() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(regex_bytes_max);
  options.set_never_capture(true);
  return options;
}

/// Single bytes that few values have; of the others nearly every command line has one.
bool is_telling(const std::string& text) {
  return text.size() > 1 ||
         std::string_view("`{}$^|~@#;<>*?!%&").find(text.front()) != std::string_view::npos;
}

/// Whether the expression may be found where only these of the filter's texts stand.
bool may_pass(const re2::FilteredRE2& filter, const std::vector<int>& standing) {
  std::vector<int> passing;
  filter.AllPotentials(standing, &passing);
  return !passing.empty();
}

/// The longest text that it is never found without; nothing when any of several will do.
std::optional<std::string> indispensable(const re2::FilteredRE2& filter,
                                         const std::vector<std::string>& atoms) {
  std::optional<std::string> longest;
  if (atoms.size() > tried_max) return {};
  for (int without = 0; without < static_cast<int>(atoms.size()); ++without) {
    const auto& atom = atoms[static_cast<std::size_t>(without)];
    if (longest && longest->size() >= atom.size()) continue;
    std::vector<int> others;
    for (int i = 0; i < static_cast<int>(atoms.size()); ++i)
      if (i != without) others.push_back(i);
    if (!may_pass(filter, others)) longest = atom;
  }
  return longest;
}

/// As Regex::needs, of texts of at least that size.
std::optional<std::vector<std::string>> needs_of(const std::string& expression, int bytes_min) {
  re2::FilteredRE2 filter(bytes_min);
  int id = 0;
  if (filter.Add(expression, options(), &id) != RE2::NoError) return {};
  std::vector<std::string> atoms;
  filter.Compile(&atoms);
  if (atoms.empty() || may_pass(filter, {})) return {};
  if (auto one = indispensable(filter, atoms)) atoms = {std::move(*one)};
  if (!std::ranges::all_of(atoms, is_telling)) return {};
  return atoms;
}

std::optional<std::vector<std::string>> needs_of(const std::string& expression) {
  for (const int bytes_min : {3, 2, 1})  // longer texts stand in fewer values
    if (auto needs = needs_of(expression, bytes_min)) return needs;
  return {};
}

}  // namespace

struct Regex::Compiled {
  explicit Compiled(const std::string& expression)
      : regex(expression, options()), needs(needs_of(expression)) {}
  RE2 regex;
  std::optional<std::vector<std::string>> needs;
};

Regex::Regex(const std::string& expression) : compiled_(std::make_unique<Compiled>(expression)) {}
Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;

bool Regex::found_in(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->regex);
}

std::optional<std::vector<std::string>> Regex::needs() const {
  return compiled_->needs;
}

bool Regex::may_be_in(std::string_view lower) const {
  const auto& needs = compiled_->needs;
  if (!needs || needs->size() > looked_for_max) return true;
  const auto stands = [&](const std::string& text) { return lower.find(text) != lower.npos; };
  return std::ranges::any_of(*needs, stands) || !is_ascii(lower);  // RE2 folds letters beyond ASCII too
}

}  // namespace shieldwall::detect::sigma
