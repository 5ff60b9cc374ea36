#pragma once
// The reader of JSON text: one pass, no recursion, every limit checked before memory is spent. Internal to
// json_reader*.cpp: what stands where is in json_reader.cpp, strings and keys in files of their own.

#include "model/json_tree.h"

namespace shieldwall::model {

class JsonReader {
 public:
  JsonReader(JsonTree& tree, const JsonLimits& limits)
      : tree_(tree),
        limits_(limits),
        begin_(tree.text.data()),
        at_(begin_),
        end_(begin_ + tree.text.size()) {}

  Done run();

 private:
  enum class Expect : std::uint8_t { value, first_element, key, first_key, comma };

  bool step();
  bool read_value();
  bool read_key();
  bool read_comma();
  bool open(JsonKind kind);
  bool close();
  bool read_literal(std::string_view word, JsonKind kind);
  bool read_number();
  bool read_string(bool member);
  bool read_escaped_rest(std::uint32_t node, const char* from);
  bool read_escape();
  bool read_code_point();
  bool finish_string(std::uint32_t node, bool has_high_bytes);
  bool refuse_duplicate_keys(std::uint32_t object);
  bool refuse_duplicate_keys_of_many(std::uint32_t object);
  bool same_key(std::uint32_t object, std::uint32_t key);

  const char* scan_string(const char* from, bool& has_high_bytes) const;
  std::uint32_t push(JsonKind kind, const char* from);
  std::uint32_t offset(const char* at) const { return static_cast<std::uint32_t>(at - begin_); }
  void skip_space() {
    while (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t') ++at_;
  }
  bool refuse(ErrorCode code, const char* at, std::string_view why);
  bool unexpected(std::string_view wanted);
  Error error() const;

  JsonTree& tree_;
  const JsonLimits& limits_;
  const char* begin_;
  const char* at_;  // the text is a std::string, so *end_ is a NUL that no rule accepts
  const char* end_;
  std::vector<std::uint32_t> open_;  // containers around the place, outermost first
  Expect expect_ = Expect::value;
  std::size_t values_ = 0;
  std::vector<std::uint32_t> keys_;  // scratch

  ErrorCode code_ = ErrorCode::invalid;
  const char* error_at_ = nullptr;
  std::string why_;
};

}  // namespace shieldwall::model
