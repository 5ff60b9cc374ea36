#pragma once
// Where in the text an ObjectSplitter is. Internal to object_splitter*.cpp.

#include "model/object.h"

namespace shieldwall::model {

struct ObjectSplitter::State {
  enum class Place : std::uint8_t {
    between,     // top level
    first_item,  // after the '[' of a list of objects
    item,        // after a comma of it
    after_item,
    in_item,  // inside an element of the list
    key,      // in the outermost object, before a key or its end
    in_key,
    colon,
    value,
    in_word,  // a string that is a value of the outermost object
    in_scalar,
    in_nested,
    after_value,
  };

  std::size_t object_bytes_max = 0;
  std::uint64_t offset = 0;  // of the first byte of the piece at hand
  Place place = Place::between;
  bool in_wrapper = false;  // the list is the `objects` of an outermost object, not a bare array
  bool is_wrapper = false;  // the outermost object had such a list
  bool seen_any = false;
  std::size_t depth = 0;  // of brackets inside the value being followed
  bool in_string = false;
  bool after_backslash = false;
  std::string text;   // the element, or the outermost object so far
  std::string outer;  // the outermost object so far, while its list is read
  std::string key, word;
  bool other_type = false;  // `id` or `type` say that this is no bundle
  std::string envelope;
  std::optional<Error> failed;

  Done fail_at(const char* begin, const char* at, std::string_view why) {
    failed = Error{ErrorCode::invalid,
                   fmt::format("byte {}: {}", offset + static_cast<std::uint64_t>(at - begin), why)};
    return fail(*failed);
  }

  Done push(std::string_view piece, std::vector<std::string>& objects);
  Done step(const char*& at, const char* begin, const char* end, std::vector<std::string>& objects);
  Done begin_top(const char*& at, const char* begin);
  Done begin_item(const char*& at, const char* begin, std::vector<std::string>& objects);
  Done follow_item(const char*& at, const char* end, std::vector<std::string>& objects);
  Done begin_value(const char*& at);
  bool follow_nested(const char*& at, const char* end);
  bool follow_string(const char*& at, const char* end, std::string* kept);
  Done take(const char* from, const char* to);
  void finish_word();
  Done finish_outer(std::vector<std::string>& objects);
};

}  // namespace shieldwall::model
