#pragma once
// Writes JSON from left to right into one string. Commas and escapes are its business, balance is the
// caller's.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model/json.h"

namespace shieldwall::model {

class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(std::string_view name) {
    separate();
    append_json_string(text_, name);
    text_ += ':';
    first_ = true;
  }

  void value(std::string_view text) {
    separate();
    append_json_string(text_, text);
  }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag) { raw(flag ? "true" : "false"); }
  void value(std::integral auto number) { raw(std::to_string(number)); }
  /// Shortest text that reads back the same. `number` is finite.
  void value(double number);
  void null() { raw("null"); }
  /// JSON text as it is: an object's original bytes.
  void raw(std::string_view json) {
    separate();
    text_ += json;
  }

  template <typename T>
  void member(std::string_view name, const T& content) {
    key(name);
    value(content);
  }
  /// Left out when there is nothing.
  template <typename T>
  void member(std::string_view name, const std::optional<T>& content) {
    if (content) member(name, *content);
  }

  const std::string& text() const& { return text_; }
  std::string text() && { return std::move(text_); }

 private:
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  void open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    first_ = false;
  }

  std::string text_;
  bool first_ = true;
};

}  // namespace shieldwall::model
