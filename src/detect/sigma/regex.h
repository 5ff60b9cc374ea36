#pragma once
// A regular expression of a rule. RE2 behind it: time linear in the text, memory bounded.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shieldwall::detect::sigma {

class Regex {
 public:
  explicit Regex(const std::string& expression);  // one that check_regex took
  ~Regex();
  Regex(Regex&&) noexcept;

  /// Whether it is found anywhere in `text`.
  bool found_in(std::string_view text) const;

  /// Texts of which one stands, with ASCII letters in lower case, in every ASCII text that it is found in.
  /// Nothing when there are no such texts, or only such as stand nearly everywhere.
  std::optional<std::vector<std::string>> needs() const;

  /// False: it is not found in the text that is `lower` with ASCII letters in lower case. Far cheaper than
  /// looking.
  bool may_be_in(std::string_view lower) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace shieldwall::detect::sigma
