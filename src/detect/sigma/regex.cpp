#include "detect/sigma/regex.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include "detect/sigma/number.h"

namespace shieldwall::detect::sigma {

namespace {

constexpr int needed_bytes_min = 3;  // shorter texts stand nearly everywhere

RE2::Options options() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(regex_bytes_max);
  options.set_never_capture(true);
  return options;
}

}  // namespace

struct Regex::Compiled {
  explicit Compiled(const std::string& expression) : regex(expression, options()) {}
  RE2 regex;
};

Regex::Regex(const std::string& expression) : compiled_(std::make_unique<Compiled>(expression)) {}
Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;

bool Regex::found_in(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->regex);
}

std::optional<std::vector<std::string>> Regex::needs() const {
  re2::FilteredRE2 filter(needed_bytes_min);
  int id = 0;
  if (filter.Add(compiled_->regex.pattern(), options(), &id) != RE2::NoError) return {};
  std::vector<std::string> atoms;
  filter.Compile(&atoms);
  std::vector<int> without_any;
  filter.AllPotentials({}, &without_any);
  if (atoms.empty() || !without_any.empty()) return {};
  return atoms;
}

}  // namespace shieldwall::detect::sigma
