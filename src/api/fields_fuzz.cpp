// The members of a request's JSON body, asked for as every handler asks: one of each kind, present, absent,
// null, of another kind, twice.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/fields.h"
#include "base/ids.h"

namespace {

using namespace shieldwall;
using api::Fields;

void require(bool holds) {
  if (!holds) std::abort();
}

template <typename T>
void check(const Result<T>& result) {
  if (result) return;
  require(result.error().code == ErrorCode::invalid);
  require(!result.error().message.empty());
}

void ask_everything(const model::Json& json) {
  auto fields = Fields::of(json, "the body");
  check(fields);
  if (!fields) return;
  const auto text = fields->text("text");
  check(text);
  const auto maybe = fields->optional_text("text");
  check(maybe);
  // One reader says "missing or wrong", the other "absent is fine"; both see the same text.
  if (text) require(maybe && maybe->has_value() && **maybe == *text);
  check(fields->flag("flag", true));
  check(fields->number("number"));
  check(fields->optional_time("time"));
  check(fields->parsed<AccountId>("id"));
  check(fields->optional_parsed<CircleId>("id"));
  check(fields->texts("texts"));
  const auto elements = fields->elements("elements");
  check(elements);
  if (elements)
    for (const auto& element : *elements) {
      auto inner = Fields::of(element, "elements");
      if (inner) check(inner->finish());
    }
  (void)fields->any("any");
  const auto done = fields->finish();
  if (!done) require(done.error().message.find("is not known here") != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = model::JsonDocument::parse(std::string(reinterpret_cast<const char*>(data), size));
  if (document) ask_everything(document->root());
  return 0;
}
