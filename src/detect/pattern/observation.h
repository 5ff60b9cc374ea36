#pragma once
// What a pattern is held against: one observation with its cyber-observables, whether it came as STIX
// observed-data or was built from a live event.
//
//   Observation seen(first, last);
//   const auto source = seen.add_object("ipv4-addr", "0");
//   seen.set_text(source, "value", "192.0.2.1");

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/json.h"

namespace shieldwall::detect {

/// A value inside an Observation, an index into its values. 0 is the parent of all objects.
using ValueId = std::uint32_t;

enum class ObservedType : std::uint8_t { null, boolean, number, text, list, dictionary };

struct ObservedValue {
  ObservedType type = ObservedType::null;
  bool boolean = false;
  ValueId next = 0;  // the next element or member; 0 after the last
  ValueId first_child = 0;
  ValueId last_child = 0;
  std::uint32_t key_at = 0, key_size = 0;    // in the text of the observation
  std::uint32_t text_at = 0, text_size = 0;  // of text, and of a number as written
};

class Observation {
 public:
  /// An object that a pattern's path may begin at, or that only references lead to.
  struct Object {
    ValueId value;
    std::uint32_t type_at, type_size;
    std::uint32_t id_at, id_size;
    bool is_root;
  };

  Observation() { clear({}, {}); }
  Observation(Timestamp first, Timestamp last) { clear(first, last); }

  /// Empties it and keeps its memory.
  void clear(Timestamp first, Timestamp last);

  ValueId add_object(std::string_view type, std::string_view id, bool is_root = true);
  /// A value under `parent` (a list or dictionary; `key` is empty in a list).
  ValueId add(ValueId parent, std::string_view key, ObservedType type);
  ValueId set_text(ValueId parent, std::string_view key, std::string_view text);
  ValueId set_number(ValueId parent, std::string_view key, std::string_view as_written);
  ValueId set_boolean(ValueId parent, std::string_view key, bool value);

  std::span<const Object> objects() const { return objects_; }
  std::string_view type_of(const Object& object) const { return text(object.type_at, object.type_size); }
  std::string_view id_of(const Object& object) const { return text(object.id_at, object.id_size); }
  /// The object of that id; 0 when there is none.
  ValueId object_named(std::string_view id) const;

  const ObservedValue& operator[](ValueId value) const { return values_[value]; }
  std::string_view key_of(const ObservedValue& value) const { return text(value.key_at, value.key_size); }
  std::string_view text_of(const ObservedValue& value) const { return text(value.text_at, value.text_size); }
  /// The member of a dictionary; 0 when there is none.
  ValueId member(ValueId dictionary, std::string_view key) const;
  std::size_t size() const { return values_.size(); }
  std::size_t text_bytes() const { return text_.size(); }
  /// Makes object_named quick for observations of many objects; without it, it looks at each.
  void index_objects();

  Timestamp first_observed;
  Timestamp last_observed;            // not before first_observed
  std::uint64_t number_observed = 1;  // at least 1: as many observations, each in that interval
  std::string id;  // of the observed-data; empty in STIX 2.0 without one and in live events

 private:
  std::string_view text(std::uint32_t at, std::uint32_t size) const {
    return std::string_view(text_).substr(at, size);
  }
  std::uint32_t keep(std::string_view text);

  std::vector<ObservedValue> values_;
  std::vector<Object> objects_;
  std::vector<std::uint32_t> by_id_;  // of objects_, sorted by id; empty until index_objects
  std::string text_;
};

/// What is refused before it costs memory: references may put one object into many observations.
inline constexpr std::size_t observed_values_max = 8'000'000;            // in all observations of one file
inline constexpr std::size_t observed_bytes_max = std::size_t{1} << 30;  // of their text

/// The observations in a JSON text: a bundle, an observed-data, or a list of these. A STIX 2.0 observed-data
/// brings its `objects`; those of 2.1 are found by object_refs in the same bundle (outside bundles: in the
/// same list), and so are objects that only references name. Other objects of a bundle are passed over.
///   errors  invalid: no observed-data where one must be, a time or number_observed missing or wrong; says
///           which observed-data
///           exhausted: observed_values_max, observed_bytes_max
Result<std::vector<Observation>> read_observations(const model::JsonDocument& document);

}  // namespace shieldwall::detect
