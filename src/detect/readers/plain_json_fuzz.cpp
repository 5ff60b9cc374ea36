// The quick reader of JSON lines and the full parser agree on every line that the quick one takes.
#include <cstdlib>

#include "detect/readers/plain_json.h"
#include "detect/readers/reader.h"

using namespace shieldwall::detect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  static PlainJson quick;
  static const auto parser = full_ndjson_parser();
  Record record, full;
  Arena arena;
  if (!quick.read(line, record, arena)) return 0;
  const auto parsed = parser->parse(line, full);
  if (!parsed || !*parsed || full.fields.size() != record.fields.size()) std::abort();
  for (std::size_t i = 0; i < full.fields.size(); ++i) {
    const auto &a = full.fields[i], &b = record.fields[i];
    if (a.name != b.name || a.value != b.value || a.is_text != b.is_text) std::abort();
  }
  return 0;
}
