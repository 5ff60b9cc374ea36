#include "cli/taxii.h"

#include "cli/taxii_rows.h"

namespace shieldwall::cli {

std::span<const Command> taxii_commands() {
  static const Command all[] = {taxii_discover_command, taxii_pull_command, taxii_push_command};
  return all;
}

}  // namespace shieldwall::cli
