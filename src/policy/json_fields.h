#pragma once
// Reading and writing JSON members of known shape. Internal to this room and the wire.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/text.h"
#include "base/time.h"
#include "model/json.h"

namespace shieldwall::policy {

/// Reads the members of one JSON object by name and refuses those nobody asked for.
class FieldReader {
 public:
  static Result<FieldReader> of(const model::Json& json) {
    if (!json.is(model::JsonKind::object)) return fail(ErrorCode::invalid, "{}: not an object", where(json));
    return FieldReader(json);
  }

  std::optional<model::Json> find(std::string_view name) {
    auto found = json_.find(name);
    if (found) ++asked_;
    return found;
  }
  Result<model::Json> need(std::string_view name) {
    auto found = find(name);
    if (!found) return fail(ErrorCode::invalid, "{}: no member \"{}\"", where(json_), name);
    return *found;
  }
  /// Errors when a member is left that was never asked for.
  Done finish() const {
    if (asked_ != json_.size())
      return fail(ErrorCode::invalid, "{}: a member of no known meaning", where(json_));
    return {};
  }

  static std::string where(const model::Json& json) {
    const std::string pointer = json.pointer();
    return pointer.empty() ? "the whole" : pointer;
  }

 private:
  explicit FieldReader(const model::Json& json) : json_(json) {}

  model::Json json_;
  std::size_t asked_ = 0;  // each name is asked for once
};

inline Result<std::string_view> text_in(const model::Json& json) {
  if (!json.is(model::JsonKind::string))
    return fail(ErrorCode::invalid, "{}: not a string", FieldReader::where(json));
  return json.string();
}

inline Result<bool> boolean_in(const model::Json& json) {
  if (!json.is(model::JsonKind::boolean))
    return fail(ErrorCode::invalid, "{}: neither true nor false", FieldReader::where(json));
  return json.boolean();
}

/// A whole number without sign, fraction or exponent.
template <typename Number>
Result<Number> number_in(const model::Json& json) {
  const auto value = as_number<Number>(json.is(model::JsonKind::number) ? json.number() : "");
  if (!value)
    return fail(ErrorCode::invalid, "{}: not a whole number of this field's range", FieldReader::where(json));
  return *value;
}

template <typename AnyId>
Result<AnyId> id_in(const model::Json& json) {
  const auto text = TRY(text_in(json));
  auto id = AnyId::parse(text);
  if (!id) return fail(std::move(id).error().within(FieldReader::where(json)));
  return id;
}

/// An instant of microseconds.
inline Result<Timestamp> instant_in(const model::Json& json) {
  const auto text = TRY(text_in(json));
  const auto time = parse_time(text);
  if (!time || !time->finer.empty())
    return fail(ErrorCode::invalid,
                "{}: not an RFC 3339 time in UTC with at most six digits of a second",
                FieldReader::where(json));
  return time->at;
}

/// Each element of an array through `read`.
template <typename Read>
auto list_in(const model::Json& json, Read read) -> Result<std::vector<std::decay_t<decltype(*read(json))>>> {
  if (!json.is(model::JsonKind::array))
    return fail(ErrorCode::invalid, "{}: not a list", FieldReader::where(json));
  std::vector<std::decay_t<decltype(*read(json))>> list;
  list.reserve(json.size());
  for (const model::Json element : json) list.push_back(TRY(read(element)));
  return list;
}

/// Writes one JSON object; members must be added in the order of their names.
class FieldWriter {
 public:
  void text(std::string_view name, std::string_view value) {
    key(name);
    model::append_json_string(out_, value);
  }
  void raw(std::string_view name, std::string_view json) {
    key(name);
    out_ += json;
  }
  void number(std::string_view name, std::uint64_t value) { raw(name, fmt::format("{}", value)); }
  void boolean(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }

  /// A list of what `write` gives for each element.
  template <typename List, typename Write>
  void list(std::string_view name, const List& elements, Write write) {
    key(name);
    char before = '[';
    for (const auto& element : elements) {
      out_ += before;
      out_ += write(element);
      before = ',';
    }
    out_ += elements.empty() ? "[]" : "]";
  }
  std::string take() && {
    out_ += out_.empty() ? "{}" : "}";
    return std::move(out_);
  }

 private:
  void key(std::string_view name) {
    out_ += out_.empty() ? '{' : ',';
    model::append_json_string(out_, name);
    out_ += ':';
  }

  std::string out_;
};

inline std::string quoted(std::string_view text) {
  std::string out;
  model::append_json_string(out, text);
  return out;
}

template <typename AnyId>
std::string quoted_id(const AnyId& id) {
  return quoted(id.text());
}

}  // namespace shieldwall::policy
