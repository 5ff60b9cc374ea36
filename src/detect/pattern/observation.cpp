#include "detect/pattern/observation.h"

#include <algorithm>
#include <numeric>

namespace shieldwall::detect {

void Observation::clear(Timestamp first, Timestamp last) {
  first_observed = first;
  last_observed = last;
  number_observed = 1;
  id.clear();
  values_.assign(1, ObservedValue{.type = ObservedType::list});
  objects_.clear();
  by_id_.clear();
  text_.clear();
}

std::uint32_t Observation::keep(std::string_view text) {
  const auto at = static_cast<std::uint32_t>(text_.size());
  text_ += text;
  return at;
}

ValueId Observation::add(ValueId parent, std::string_view key, ObservedType type) {
  const auto made = static_cast<ValueId>(values_.size());
  values_.push_back({.type = type, .key_at = keep(key), .key_size = static_cast<std::uint32_t>(key.size())});
  auto& above = values_[parent];
  if (above.first_child == 0)
    above.first_child = made;
  else
    values_[above.last_child].next = made;
  above.last_child = made;
  return made;
}

ValueId Observation::add_object(std::string_view type, std::string_view object_id, bool is_root) {
  const auto made = add(0, {}, ObservedType::dictionary);
  objects_.push_back({.value = made,
                      .type_at = keep(type),
                      .type_size = static_cast<std::uint32_t>(type.size()),
                      .id_at = keep(object_id),
                      .id_size = static_cast<std::uint32_t>(object_id.size()),
                      .is_root = is_root});
  return made;
}

ValueId Observation::set_text(ValueId parent, std::string_view key, std::string_view text) {
  const auto made = add(parent, key, ObservedType::text);
  values_[made].text_at = keep(text);
  values_[made].text_size = static_cast<std::uint32_t>(text.size());
  return made;
}

ValueId Observation::set_number(ValueId parent, std::string_view key, std::string_view as_written) {
  const auto made = set_text(parent, key, as_written);
  values_[made].type = ObservedType::number;
  return made;
}

ValueId Observation::set_boolean(ValueId parent, std::string_view key, bool value) {
  const auto made = add(parent, key, ObservedType::boolean);
  values_[made].boolean = value;
  return made;
}

void Observation::index_objects() {
  static constexpr std::size_t looked_through = 16;  // fewer are found as fast one by one
  if (objects_.size() <= looked_through) return;
  by_id_.resize(objects_.size());
  std::iota(by_id_.begin(), by_id_.end(), 0u);
  std::ranges::sort(by_id_, {}, [&](std::uint32_t i) { return id_of(objects_[i]); });
}

ValueId Observation::object_named(std::string_view object_id) const {
  if (!by_id_.empty()) {
    const auto at =
        std::ranges::lower_bound(by_id_, object_id, {}, [&](std::uint32_t i) { return id_of(objects_[i]); });
    return at != by_id_.end() && id_of(objects_[*at]) == object_id ? objects_[*at].value : 0;
  }
  for (const auto& object : objects_)
    if (id_of(object) == object_id) return object.value;
  return 0;
}

ValueId Observation::member(ValueId dictionary, std::string_view key) const {
  if (values_[dictionary].type != ObservedType::dictionary) return 0;
  for (auto at = values_[dictionary].first_child; at != 0; at = values_[at].next)
    if (key_of(values_[at]) == key) return at;
  return 0;
}

}  // namespace shieldwall::detect
