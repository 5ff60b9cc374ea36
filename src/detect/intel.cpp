#include "detect/intel.h"

#include "base/text.h"
#include "detect/files.h"
#include "detect/intel_list.h"
#include "detect/readers/line_reader.h"
#include "detect/readers/reader.h"
#include "model/object.h"

namespace shieldwall::detect {

namespace {

/// A time the indicator states, or `otherwise` when it states none.
Result<Timestamp> stated_time(const model::Json& object, std::string_view property, Timestamp otherwise) {
  const auto found = object.find(property);
  if (!found) return otherwise;
  if (!found->is(model::JsonKind::string)) return fail(ErrorCode::invalid, "{} is not a time", property);
  const auto parsed = parse_time(found->string());
  if (!parsed) return fail(ErrorCode::invalid, "{}: {}", property, parsed.error().message);
  return parsed->at;
}

std::string text_of(const model::Json& object, std::string_view property) {
  const auto found = object.find(property);
  return found && found->is(model::JsonKind::string) ? std::string(found->string()) : std::string();
}

void add_object(std::string bytes, const std::string& source, Intel& into) {
  const auto document = model::JsonDocument::parse(std::move(bytes));
  if (!document) return add_unused(into, {.id = "", .source = source, .reason = document.error().message});
  const auto object = document->root();
  if (text_of(object, "type") != "indicator") {
    ++into.other_objects;
    return;
  }
  auto indicator = indicator_of(object, source);
  if (indicator) {
    into.indicators.push_back(std::move(*indicator));
  } else {
    add_unused(into, {.id = text_of(object, "id"), .source = source, .reason = indicator.error().message});
  }
}

Done read_stix(LineReader& lines, const std::string& source, Intel& into) {
  model::ObjectSplitter splitter;
  std::vector<std::string> objects;
  const auto push = [&](std::string_view text) -> Done {
    objects.clear();
    const auto pushed = splitter.push(text, objects);
    for (auto& bytes : objects) add_object(std::move(bytes), source, into);
    return pushed;
  };
  for (bool first = true;;) {
    auto block = TRY(lines.take_block());
    if (block.empty()) break;
    if (std::exchange(first, false)) block = without_mark(block);
    TRY(push(block));
  }
  return splitter.finish();
}

}  // namespace

void add_unused(Intel& into, Unused unused) {
  ++into.unused_count;
  if (into.unused.size() < unused_kept) into.unused.push_back(std::move(unused));
}

Result<Indicator> indicator_of(const model::Json& object, const std::string& source) {
  if (text_of(object, "type") != "indicator") return fail(ErrorCode::invalid, "not an indicator");
  Indicator made{.id = text_of(object, "id"),
                 .name = text_of(object, "name"),
                 .source = source,
                 .pattern = text_of(object, "pattern")};
  if (made.id.empty()) return fail(ErrorCode::invalid, "an indicator without id");
  if (made.pattern.empty()) return fail(ErrorCode::invalid, "an indicator without pattern");
  const auto type = text_of(object, "pattern_type");  // STIX 2.0 has none, and no other language
  if (!type.empty() && type != "stix")
    return fail(
        ErrorCode::invalid, "its pattern is written in {}, which is not evaluated here", excerpt(type));
  made.valid_from = TRY(stated_time(object, "valid_from", Timestamp::always()));
  made.valid_until = TRY(stated_time(object, "valid_until", Timestamp::never()));
  made.revoked = model::is_revoked(object);
  if (const auto confidence = object.find("confidence");
      confidence && confidence->is(model::JsonKind::number))
    made.confidence = std::atoi(std::string(confidence->number()).c_str());
  return made;
}

Done read_intel(wire::ByteReader& from, const std::string& source, const ListOptions& options, Intel& into) {
  LineReader lines(from, list_line_bytes_max);
  const auto beginning = TRY(lines.peek(64));
  TRY(refuse_utf16(beginning));
  const auto first = beginning.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first != beginning.npos && (beginning[first] == '{' || beginning[first] == '['))
    return read_stix(lines, source, into);
  return read_list(lines, source, options, into);
}

Done read_intel_file(const std::string& path, const ListOptions& options, Intel& into) {
  auto opened = open_unpacked(path);
  if (!opened) return fail(std::move(opened).error());
  if (auto done = read_intel(**opened, path, options, into); !done)
    return fail(std::move(done).error().within(path));
  return {};
}

}  // namespace shieldwall::detect
