#pragma once
// A Windows event written as XML, as libevtx renders it, as fields called as Sigma calls them.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/record.h"

namespace shieldwall::detect::sigma {

class EventXml {
 public:
  /// Fills `event.fields`; views hold until the next call.
  ///   errors  invalid: not well-formed as far as an event needs it, nested deeper than 32, more than 10,000
  ///           elements
  Done read(std::string_view xml, Record& event);

 private:
  struct Element;
  Done read_element(int depth, std::string_view section);
  Result<Element> read_tag();
  std::string_view unescaped(std::string_view text);
  void add(std::string_view name, std::string_view value);
  std::unexpected<Error> error(std::string_view what) const;
  void skip_space();
  bool skip_markup();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
  std::string kept_;  // what was unescaped or put together; sized once per event
  Record* event_ = nullptr;
};

}  // namespace shieldwall::detect::sigma
