#include "detect/readers/reader.h"

namespace shieldwall::detect {

namespace {

class TextParser final : public RecordParser {
 public:
  Result<bool> parse(std::string_view line, Record& record) override {
    record.fields.push_back({.name = "", .value = line});
    record.is_prose = true;
    return true;
  }
};

}  // namespace

std::unique_ptr<RecordParser> text_parser() {
  return std::make_unique<TextParser>();
}

}  // namespace shieldwall::detect
