// Any bytes are read as a rule file, compiled, and looked through with a few events.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "detect/sigma/rule_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shieldwall::detect;
  using namespace shieldwall::detect::sigma;
  if (size > 1 << 16) return 0;
  RuleFile file;
  read_rules({reinterpret_cast<const char*>(data), size}, "fuzz.yml", {}, file);
  apply_filters(file);
  const auto rules = compile_rules(std::move(file), {});
  sigma::Scanner scanner(rules);
  Record event;
  event.fields = {{.name = "Channel", .value = "Microsoft-Windows-Sysmon/Operational"},
                  {.name = "EventID", .value = "1", .is_text = false},
                  {.name = "Image", .value = "C:\\Windows\\System32\\cmd.exe"},
                  {.name = "CommandLine", .value = "cmd /c \xE2\x80\x93\x65nc aQBlAHgA"},
                  {.name = "UtcTime", .value = "2025-01-01 12:00:00.000"},
                  {.name = "DestinationIp", .value = "192.0.2.1"}};
  for (const auto rule : scanner.scan(event))
    if (rule >= rules.rules().size()) std::abort();
  return 0;
}
