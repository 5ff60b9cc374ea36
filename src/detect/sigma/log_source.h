#pragma once
// Which events are which Sigma log source, and what Sigma's field names are called there: data, read from
// share/sigma/*.yml (compiled in) or from a folder of the operator's.
//
//   sources:
//     - logsource: {product: windows, category: process_creation}
//       when: {Channel: Security, EventID: 4688}    # each field has one of these values, in any case
//       present: [NewProcessName]                   # these fields stand in the event
//       fields: {Image: NewProcessName}             # Sigma's name: the event's

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detect/sigma/rule.h"

namespace shieldwall::detect::sigma {

struct LogRow {
  LogSource source = {};
  std::vector<std::pair<std::string, std::vector<std::string>>> when = {};
  std::vector<std::string> present = {};
  std::vector<std::pair<std::string, std::string>> fields = {};
};

/// errors  invalid: says where and why
Result<std::vector<LogRow>> read_log_rows(std::string_view yaml);

/// The rows that are compiled in.
std::span<const LogRow> built_in_log_rows();

/// The indices of the rows that a rule with this log source looks at: those of exactly the same log source;
/// where there is none, those that are part of it (`product: windows` has every row of Windows).
std::vector<std::size_t> rows_of(const LogSource& wanted, std::span<const LogRow> rows);

}  // namespace shieldwall::detect::sigma
