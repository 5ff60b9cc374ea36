#pragma once
// JSON as received: a read-only tree over the original text. Numbers keep their digits, every value knows its
// exact bytes, duplicate keys are refused (two readers of one signed text must not see two objects).
//
//   const auto document = TRY(JsonDocument::parse(std::move(text)));
//   if (const auto name = document.root().find("name")) use(name->string());

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shieldwall::model {

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

/// What is refused before it costs memory. By what STIX is like: ATT&CK nests 6 deep, its longest string
/// is 60 kB.
struct JsonLimits {
  int depth_max = 64;
  std::size_t string_bytes_max = 16u << 20;  // base64 payloads; read_object holds other strings to 1 MiB
  std::size_t values_max = 4'000'000;  // 10^6 keys in one object are legal JSON and must not exhaust memory
};

class JsonDocument;
struct JsonTree;

/// One value inside a JsonDocument, which must outlive it. Cheap to copy.
class Json {
 public:
  JsonKind kind() const;
  bool is(JsonKind kind) const { return this->kind() == kind; }

  bool boolean() const;             // kind boolean
  std::string_view string() const;  // kind string; without quotes and escapes, valid UTF-8
  std::string_view number() const;  // kind number; as written
  std::string_view raw() const;     // any kind; the exact text, from its first to its last byte
  std::size_t offset() const;       // of raw() in the document
  std::size_t size() const;         // elements of an array, members of an object, else 0

  /// The member of that name; nothing when absent or when this is no object. Name what `find` gives before
  /// looping over it: g++ 12 ends the life of `*json.find("x")` before the first turn of `for (... :
  /// *json.find("x"))`.
  std::optional<Json> find(std::string_view key) const;

  class Iterator;
  Iterator begin() const;  // elements of an array or values of an object, in order; empty for the rest
  Iterator end() const;
  std::string_view key() const;  // of a member reached through its object; empty otherwise

  /// RFC 6901, from the document's root. Walks there past all that stands before: for reports, not for loops.
  std::string pointer() const { return pointer_from({tree_, 0}); }
  /// RFC 6901, from `ancestor`, which holds this value or is it: costs what that one holds, however much
  /// stands around it.
  std::string pointer_from(const Json& ancestor) const;

 private:
  friend class JsonDocument;
  Json(const JsonTree* tree, std::uint32_t node) : tree_(tree), node_(node) {}

  const JsonTree* tree_;
  std::uint32_t node_;
};

class Json::Iterator {
 public:
  Json operator*() const { return {tree_, node_}; }
  Iterator& operator++();
  bool operator==(const Iterator& other) const { return node_ == other.node_; }

 private:
  friend class Json;
  Iterator(const JsonTree* tree, std::uint32_t node, std::uint32_t end)
      : tree_(tree), node_(node), end_(end) {}

  const JsonTree* tree_;
  std::uint32_t node_;
  std::uint32_t end_;
};

class JsonDocument {
 public:
  /// Parses one JSON text (RFC 8259), UTF-8 without byte order mark, at most 4 GiB.
  ///   errors  invalid: not JSON, not UTF-8, duplicate key, lone surrogate; says line, column and why
  ///           exhausted: a limit was passed; says which
  static Result<JsonDocument> parse(std::string text, const JsonLimits& limits = {});

  Json root() const;
  std::string_view text() const;

 private:
  std::shared_ptr<const JsonTree> tree_;  // the document may be moved while values look into it
};

/// RFC 8785 text of a value, in which an integer that a double cannot hold keeps its exact decimal digits.
std::string canonical_json(const Json& value);

/// Appends `token` as RFC 6901 escapes it, without the slash before it.
void append_pointer_token(std::string& out, std::string_view token);

/// Appends `text` as a JSON string with quotes, escaping what RFC 8259 demands.
void append_json_string(std::string& out, std::string_view text);

}  // namespace shieldwall::model
