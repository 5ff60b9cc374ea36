#pragma once
// Windows events as others write them down, with the fields called as Sigma calls them: those of <EventData>
// and <UserData> by their own names, those of <System> by the element's, an attribute behind an underscore
// (Sigma specification 2.0, "Field Usage").

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "detect/record.h"

namespace shieldwall::detect::sigma {

/// Renames the dotted fields of JSON exports: Event.System/Event.EventData with attributes as #attributes or
/// @name (evtx_dump and converters from XML), winlog.* (Winlogbeat). Fields of other logs stay as they are.
class WindowsNames {
 public:
  void apply(Record& record);

 private:
  std::string_view renamed(std::string_view name);
  std::string_view system_name(std::string_view name);
  /// `<Data Name="X">text</Data>` as two fields becomes field X.
  void pair_data(Record& record);

  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> made_;  // names put together once
};

}  // namespace shieldwall::detect::sigma
