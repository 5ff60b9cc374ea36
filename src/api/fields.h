#pragma once
// The members of a JSON object, asked for one by one. What nobody asked for is an error, so that a misspelt
// option never passes for a default.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/json.h"

namespace shieldwall::api {

class Fields {
 public:
  /// `whole` names the object in messages: "the body", "grants[2]". The document must outlive this.
  ///   errors  invalid: not an object
  static Result<Fields> of(const model::Json& object, std::string_view whole = "the body");

  // Each: invalid when the member is of another kind; the first of a pair also when it is absent.
  // null counts as absent.
  Result<std::string> text(std::string_view name);
  Result<std::optional<std::string>> optional_text(std::string_view name);
  Result<bool> flag(std::string_view name, bool fallback);
  Result<std::optional<bool>> optional_flag(std::string_view name);
  Result<std::int64_t> number(std::string_view name);
  Result<std::optional<std::int64_t>> optional_number(std::string_view name);
  Result<std::optional<Timestamp>> optional_time(std::string_view name);
  /// A string that T::parse reads: an id, a nation.
  template <typename T>
  Result<T> parsed(std::string_view name) {
    auto written = text(name);
    if (!written) return fail(std::move(written).error());
    return parse<T>(name, *written);
  }
  template <typename T>
  Result<std::optional<T>> optional_parsed(std::string_view name) {
    const auto written = optional_text(name);
    if (!written) return fail(written.error());
    if (!*written) return std::optional<T>();
    auto value = parse<T>(name, **written);
    if (!value) return fail(std::move(value).error());
    return std::optional<T>(std::move(*value));
  }
  /// An array of strings; empty when absent.
  Result<std::vector<std::string>> texts(std::string_view name);
  Result<std::optional<std::vector<std::string>>> optional_texts(std::string_view name);
  /// The elements of an array; empty when absent.
  Result<std::vector<model::Json>> elements(std::string_view name);
  std::optional<model::Json> any(std::string_view name);

  /// errors: invalid, naming a member that nobody asked for and those that were
  Done finish() const;

 private:
  Fields(const model::Json& object, std::string_view whole) : object_(object), whole_(whole) {}

  template <typename T>
  Result<T> parse(std::string_view name, const std::string& written) const {
    auto value = T::parse(written);
    if (!value) return fail(std::move(value).error().within(fmt::format("{}: '{}'", whole_, name)));
    return value;
  }
  Result<std::optional<model::Json>> of_kind(std::string_view name, model::JsonKind kind);

  model::Json object_;
  std::string whole_;
  std::vector<std::string> asked_;
};

}  // namespace shieldwall::api
