#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace shieldwall::log {

namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made =
        std::make_shared<spdlog::logger>("shieldwall", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

/// Quotes what could be taken for another fact or another line.
void append_value(std::string& line, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=\\") == value.npos;
  if (!plain) line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\')
      line += fmt::format("\\{}", c);
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      line += c;
  }
  if (!plain) line += '"';
}

void write(spdlog::level::level_enum level, std::string_view event, std::initializer_list<Fact> facts) {
  if (!logger().should_log(level)) return;
  std::string line(event);
  for (const auto& fact : facts) {
    line += fmt::format(" {}=", fact.name);
    append_value(line, fact.value);
  }
  logger().log(level, "{}", line);
}

}  // namespace

void info(std::string_view event, std::initializer_list<Fact> facts) {
  write(spdlog::level::info, event, facts);
}

void warn(std::string_view event, std::initializer_list<Fact> facts) {
  write(spdlog::level::warn, event, facts);
}

void error(std::string_view event, std::initializer_list<Fact> facts) {
  write(spdlog::level::err, event, facts);
}

void set_level(Level least) {
  static constexpr spdlog::level::level_enum levels[] = {
      spdlog::level::info, spdlog::level::warn, spdlog::level::err, spdlog::level::off};
  logger().set_level(levels[static_cast<int>(least)]);
}

}  // namespace shieldwall::log
