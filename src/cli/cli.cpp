#include "cli/cli.h"

#include <CLI/CLI.hpp>

namespace shieldwall::cli {

int run(int argc, char** argv) {
  CLI::App app(
      "Shieldwall: an alliance shares what it knows of cyber threats, and nothing it did not release.",
      "shieldwall");
  app.set_version_flag("--version", "0.1.0");
  CLI11_PARSE(app, argc, argv);
  return 0;
}

}  // namespace shieldwall::cli
