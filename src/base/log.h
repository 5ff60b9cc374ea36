#pragma once
// A log line is one event and its facts. `info` marks turning points, `warn` asks an operator to look,
// `error` says a duty is not being done. Ids may appear; contents, patterns and tokens do not.

#include <initializer_list>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace shieldwall::log {

enum class Level { info, warn, error, off };

struct Fact {
  std::string name;
  std::string value;

  template <typename T>
  Fact(std::string_view fact_name, const T& fact_value)
      : name(fact_name), value(fmt::format("{}", fact_value)) {}
};

void info(std::string_view event, std::initializer_list<Fact> facts = {});
void warn(std::string_view event, std::initializer_list<Fact> facts = {});
void error(std::string_view event, std::initializer_list<Fact> facts = {});

/// Lines go to standard error, `time level event name=value ...`, control characters escaped.
void set_level(Level least);

}  // namespace shieldwall::log
