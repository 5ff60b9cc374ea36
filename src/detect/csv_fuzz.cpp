// Any bytes are read as CSV to their end, in order, and looked through.
#include "detect/reader_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  shieldwall::detect::read_to_the_end("a,b\n", data, size);
  return 0;
}
