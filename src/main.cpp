#include "cli/cli.h"

int main(int argc, char** argv) {
  return shieldwall::cli::run(argc, argv);
}
