// Observed-data of STIX 2.0 (part 2 section 2.8) and 2.1 (section 4.14) as observations.

#include <string>
#include <unordered_map>

#include "base/hash.h"
#include "base/text.h"
#include "detect/pattern/observation.h"

namespace shieldwall::detect {

namespace {

using model::Json;
using model::JsonKind;

using Neighbours = std::unordered_map<std::string_view, Json, TextHash, std::equal_to<>>;

std::string_view text_member(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found && found->is(JsonKind::string) ? found->string() : std::string_view();
}

class Reader {
 public:
  Done document(const Json& root) {
    if (!root.is(JsonKind::array)) {
      const Neighbours none;
      return item(root, none, 1);
    }
    const auto neighbours = by_id(root);
    std::size_t position = 0;
    for (const Json one : root) TRY(item(one, neighbours, ++position));
    return {};
  }

  std::vector<Observation> take() { return std::move(observations_); }

 private:
  static Neighbours by_id(const Json& list) {
    Neighbours found;
    for (const Json one : list)
      if (const auto id = text_member(one, "id"); !id.empty()) found.try_emplace(id, one);
    return found;
  }

  static bool is_observed_data(const Json& object) {
    return text_member(object, "type") == "observed-data" || object.find("objects") ||
           object.find("object_refs");
  }

  Done item(const Json& object, const Neighbours& neighbours, std::size_t position) {
    if (!object.is(JsonKind::object))
      return fail(ErrorCode::invalid, "entry {}: no bundle and no observed-data", position);
    if (text_member(object, "type") == "bundle") return bundle(object);
    if (is_observed_data(object)) return observed_data(object, neighbours);
    if (text_member(object, "id").empty())
      return fail(ErrorCode::invalid, "entry {}: no bundle and no observed-data", position);
    return {};  // what an observed-data beside it may refer to
  }

  Done bundle(const Json& object) {
    const auto objects = object.find("objects");
    if (!objects) return {};
    const Json list = *objects;
    const auto neighbours = by_id(list);
    for (const Json one : list)
      if (text_member(one, "type") == "observed-data") TRY(observed_data(one, neighbours));
    return {};
  }

  Done observed_data(const Json& object, const Neighbours& neighbours) {
    Observation made;
    made.id = text_member(object, "id");
    TRY(times(object, made));
    TRY(number(object, made));
    queue_.clear();
    if (const auto refs = object.find("object_refs")) {
      const Json list = *refs;
      for (const Json ref : list)
        if (ref.is(JsonKind::string)) TRY(add_named(made, ref.string(), neighbours, true));
    }
    if (const auto objects = object.find("objects"); objects && objects->is(JsonKind::object)) {
      const Json dictionary = *objects;
      for (const Json one : dictionary) TRY(add_object(made, one.key(), one, true));
    }
    // What only references lead to: queue_ grows while it is walked.
    for (std::size_t i = 0; i < queue_.size(); ++i) TRY(add_named(made, queue_[i], neighbours, false));
    made.index_objects();
    bytes_ += made.text_bytes();
    observations_.push_back(std::move(made));
    return {};
  }

  static std::string named(const Observation& made, std::size_t position) {
    return made.id.empty() ? fmt::format("observed-data {}", position + 1) : excerpt(made.id, 100);
  }

  Done times(const Json& object, Observation& made) const {
    const auto first = parse_time(text_member(object, "first_observed"));
    const auto last = parse_time(text_member(object, "last_observed"));
    const auto name = named(made, observations_.size());
    if (!first) return fail(ErrorCode::invalid, "{}: first_observed: {}", name, first.error().message);
    if (!last) return fail(ErrorCode::invalid, "{}: last_observed: {}", name, last.error().message);
    if (last->at < first->at)
      return fail(ErrorCode::invalid, "{}: last_observed is before first_observed", name);
    made.first_observed = first->at;
    made.last_observed = last->at;
    return {};
  }

  Done number(const Json& object, Observation& made) const {
    const auto found = object.find("number_observed");
    const auto number = as_number<decltype(made.number_observed)>(
        found && found->is(JsonKind::number) ? found->number() : "");
    made.number_observed = number.value_or(0);
    if (made.number_observed == 0)
      return fail(ErrorCode::invalid,
                  "{}: number_observed is not a whole number above 0",
                  named(made, observations_.size()));
    return {};
  }

  Done add_named(Observation& into, std::string_view id, const Neighbours& neighbours, bool is_root) {
    const auto found = neighbours.find(id);
    if (found == neighbours.end()) return {};  // outside this bundle: nothing is known of it
    return add_object(into, id, found->second, is_root);
  }

  Done add_object(Observation& into, std::string_view id, const Json& object, bool is_root) {
    if (!object.is(JsonKind::object) || !seen_in_this(into, id)) return {};
    const auto value = into.add_object(text_member(object, "type"), id, is_root);
    for (const Json member : object) TRY(add_value(into, value, member.key(), member));
    return {};
  }

  /// True the first time an id comes in this observation.
  bool seen_in_this(const Observation& into, std::string_view id) {
    if (into.objects().empty()) added_.clear();
    return added_.emplace(id, true).second;
  }

  Done add_value(Observation& into, ValueId parent, std::string_view key, const Json& json) {
    if (++values_ > observed_values_max)
      return fail(ErrorCode::exhausted, "more than {} values in the observations", observed_values_max);
    if (bytes_ + into.text_bytes() + json.raw().size() > observed_bytes_max)
      return fail(ErrorCode::exhausted, "more than {} bytes of text in the observations", observed_bytes_max);
    switch (json.kind()) {
      case JsonKind::null:
        into.add(parent, key, ObservedType::null);
        break;
      case JsonKind::boolean:
        into.set_boolean(parent, key, json.boolean());
        break;
      case JsonKind::number:
        into.set_number(parent, key, json.number());
        break;
      case JsonKind::string:
        into.set_text(parent, key, json.string());
        if (key.ends_with("_ref")) queue_.push_back(json.string());
        break;
      case JsonKind::array: {
        const auto list = into.add(parent, key, ObservedType::list);
        const bool refs = key.ends_with("_refs");
        for (const Json one : json) {
          TRY(add_value(into, list, {}, one));
          if (refs && one.is(JsonKind::string)) queue_.push_back(one.string());
        }
        break;
      }
      case JsonKind::object: {
        const auto dictionary = into.add(parent, key, ObservedType::dictionary);
        for (const Json one : json) TRY(add_value(into, dictionary, one.key(), one));
        break;
      }
    }
    return {};
  }

  std::vector<Observation> observations_;
  std::vector<std::string_view> queue_;
  std::unordered_map<std::string_view, bool, TextHash, std::equal_to<>> added_;
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<std::vector<Observation>> read_observations(const model::JsonDocument& document) {
  Reader reader;
  TRY(reader.document(document.root()));
  return reader.take();
}

}  // namespace shieldwall::detect
