#pragma once
// Values that indicators often hold by mistake: warning lists in the form of MISP's (warninglists,
// list.json). What one of them names is no hit.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall::detect {

class WarningLists {
 public:
  WarningLists();
  ~WarningLists();
  WarningLists(WarningLists&&) noexcept;
  WarningLists& operator=(WarningLists&&) noexcept;

  /// Reads one list, an object with `name`, `type` (string, substring, hostname, cidr, regex) and `list`.
  ///   errors  invalid: not such a list, or an entry that cannot be used; exhausted. Says which
  Done read(std::string text);
  /// A file, or every *.json below a folder. errors: also not_found, denied, unavailable; begin with the path
  Done read_path(const std::string& path);

  /// The name of a list that has `value` (in canonical form) or something that holds it: a network its
  /// addresses, a host the names below it and URLs on it.
  std::optional<std::string> naming(std::string_view value) const;
  std::size_t size() const;  // entries of all

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::detect
