// Cuts a stream of JSON text into the objects it carries, without building a tree: only brackets and strings
// are followed. What lies inside an object is the parser's business; what lies around the objects is checked
// here.

#include "model/object_splitter.h"

#include "base/text.h"

namespace shieldwall::model {

namespace {

/// The text around the objects of a bundle or an envelope; TAXII's has three members.
constexpr std::size_t envelope_bytes_max = 1u << 20;

constexpr bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

ObjectSplitter::ObjectSplitter(std::size_t object_bytes_max) : state_(std::make_unique<State>()) {
  state_->object_bytes_max = object_bytes_max;
}
ObjectSplitter::~ObjectSplitter() = default;
ObjectSplitter::ObjectSplitter(ObjectSplitter&&) noexcept = default;

const std::string& ObjectSplitter::envelope() const {
  return state_->envelope;
}

Done ObjectSplitter::push(std::string_view text, std::vector<std::string>& objects) {
  if (state_->failed) return fail(*state_->failed);
  auto done = state_->push(text, objects);
  if (!done && !state_->failed) state_->failed = done.error();
  return done;
}

Done ObjectSplitter::finish() {
  State& state = *state_;
  if (state.failed) return fail(*state.failed);
  if (state.place != State::Place::between)
    return fail(ErrorCode::invalid,
                "the text ends early, after {} bytes, inside {}",
                state.offset,
                state.is_wrapper || state.in_wrapper ? "a bundle or envelope" : "an object or list");
  if (!state.seen_any) return fail(ErrorCode::invalid, "there is no object in it");
  return {};
}

Done ObjectSplitter::State::push(std::string_view piece, std::vector<std::string>& objects) {
  const char* const begin = piece.data();
  const char* const end = begin + piece.size();
  const char* at = begin;
  while (at != end) TRY(step(at, begin, end, objects));
  offset += piece.size();
  return {};
}

/// Keeps text of the value at hand.
Done ObjectSplitter::State::take(const char* from, const char* to) {
  const auto size = static_cast<std::size_t>(to - from);
  const std::size_t limit = is_wrapper && place != Place::in_item ? envelope_bytes_max : object_bytes_max;
  if (text.size() + size > limit) return fail(ErrorCode::exhausted, "an object of more than {} bytes", limit);
  text.append(from, size);
  return {};
}

/// One turn: at least one byte is consumed.
Done ObjectSplitter::State::step(const char*& at,
                                 const char* begin,
                                 const char* end,
                                 std::vector<std::string>& objects) {
  const char* const from = at;
  switch (place) {
    case Place::between:
      return begin_top(at, begin);
    case Place::first_item:
    case Place::item:
    case Place::after_item:
      return begin_item(at, begin, objects);
    case Place::in_item:
      return follow_item(at, end, objects);
    case Place::in_key:
      if (follow_string(at, end, &key)) place = Place::colon;
      return take(from, at);
    case Place::in_word:
      if (follow_string(at, end, &word)) {
        finish_word();
        place = Place::after_value;
      }
      return take(from, at);
    case Place::in_nested:
      if (follow_nested(at, end)) place = Place::after_value;
      return take(from, at);
    case Place::in_scalar:
      while (at != end && !is_space(*at) && *at != ',' && *at != '}') ++at;
      if (at != end) place = Place::after_value;
      return take(from, at);
    default:
      break;
  }
  if (is_space(*at)) {
    ++at;
    return take(from, at);
  }
  if (place == Place::value) return begin_value(at);
  const char c = *at++;
  TRY(take(from, at));
  if (c == '"' && place == Place::key) {
    key.clear();
    in_string = true;
    place = Place::in_key;
  } else if (c == ':' && place == Place::colon) {
    place = Place::value;
  } else if (c == ',' && place == Place::after_value) {
    place = Place::key;
  } else if (c == '}' && (place == Place::after_value || place == Place::key)) {
    return finish_outer(objects);
  } else {
    return fail_at(begin,
                   from,
                   fmt::format("unexpected '{}' in the outermost object", excerpt(std::string_view(&c, 1))));
  }
  return {};
}

Done ObjectSplitter::State::begin_top(const char*& at, const char* begin) {
  const bool first = offset == 0 && at == begin;
  const char c = *at;
  if (first && static_cast<unsigned char>(c) == 0xef)
    return fail_at(begin, at, "a byte order mark; JSON is sent without one (RFC 8259 section 8.1)");
  if (first && (static_cast<unsigned char>(c) >= 0xfe || c == '\0'))
    return fail_at(begin, at, "the text is not UTF-8; it looks like UTF-16 or UTF-32");
  if (is_space(c)) {
    ++at;
    return {};
  }
  if (c != '{' && c != '[')
    return fail_at(begin,
                   at,
                   fmt::format("expected a bundle, an envelope, an object or a list of objects, found '{}'",
                               excerpt(std::string_view(&c, 1))));
  ++at;
  seen_any = true;
  is_wrapper = in_wrapper = other_type = false;
  text.clear();
  if (c == '[') {
    place = Place::first_item;
  } else {
    text = "{";
    place = Place::key;
  }
  return {};
}

Done ObjectSplitter::State::begin_item(const char*& at,
                                       const char* begin,
                                       std::vector<std::string>& objects) {
  const char c = *at;
  if (is_space(c)) {
    ++at;
    return {};
  }
  if (c == ']' && place != Place::item) {
    ++at;
    if (!in_wrapper) {
      place = Place::between;
      return {};
    }
    text = std::move(outer) + "]";
    in_wrapper = false;
    place = Place::after_value;
    return {};
  }
  if (place == Place::after_item) {
    if (c != ',') return fail_at(begin, at, "expected ',' or ']' after an object");
    ++at;
    place = Place::item;
    return {};
  }
  if (c == ',' || c == ']' || c == '}') return fail_at(begin, at, "expected an object");
  text.clear();
  depth = 0;
  in_string = false;
  place = Place::in_item;
  return follow_item(at, at + 1, objects);
}

/// Brackets, strings, or, for what is no object, a bare word up to the next comma.
Done ObjectSplitter::State::follow_item(const char*& at, const char* end, std::vector<std::string>& objects) {
  const char* const from = at;
  bool whole = false;
  const bool bare =
      depth == 0 && !in_string && (text.empty() ? *at != '{' && *at != '[' && *at != '"' : true);
  if (bare) {
    while (at != end && *at != ',' && *at != ']' && *at != '}' && !is_space(*at)) ++at;
    whole = at != end;
    if (whole && at == from && text.empty()) ++at;
  } else {
    whole = follow_nested(at, end);
  }
  TRY(take(from, at));
  if (!whole) return {};
  objects.push_back(std::move(text));
  text.clear();
  place = Place::after_item;
  return {};
}

Done ObjectSplitter::State::begin_value(const char*& at) {
  const char c = *at;
  if (c == '[' && key == "objects" && !other_type && !is_wrapper) {
    ++at;
    outer = std::move(text) + "[";
    text.clear();
    is_wrapper = in_wrapper = true;
    place = Place::first_item;
    return {};
  }
  word.clear();
  depth = 0;
  in_string = false;
  if (c == '"') {
    in_string = true;
    place = Place::in_word;
    ++at;
    return take(at - 1, at);
  }
  place = c == '{' || c == '[' ? Place::in_nested : Place::in_scalar;
  return {};
}

/// Only a bundle or an envelope wraps objects: another type may have a list named `objects` of its own.
void ObjectSplitter::State::finish_word() {
  if (key == "type" && word != "bundle") other_type = true;
  if (key == "id" && !word.starts_with("bundle--")) other_type = true;
}

Done ObjectSplitter::State::finish_outer(std::vector<std::string>& objects) {
  place = Place::between;
  if (!is_wrapper) {
    objects.push_back(std::move(text));
    text.clear();
    return {};
  }
  if (other_type)
    return fail(ErrorCode::invalid,
                "byte {}: an outermost object with a list 'objects' must be a bundle or a TAXII envelope",
                offset);
  const auto parsed = JsonDocument::parse(text);
  if (!parsed) return fail(ErrorCode::invalid, "the text around the objects: {}", parsed.error().message);
  envelope = std::move(text);
  text.clear();
  return {};
}

}  // namespace shieldwall::model
