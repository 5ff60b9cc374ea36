#include "model/json_writer.h"

#include <cassert>
#include <charconv>
#include <cmath>

namespace shieldwall::model {

void JsonWriter::value(double number) {
  assert(std::isfinite(number));
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  raw(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

}  // namespace shieldwall::model
