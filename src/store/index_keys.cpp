#include "store/index_keys.h"

#include <algorithm>

#include "base/hash.h"

namespace shieldwall::store {

namespace {

std::string bytes_of(const model::ObjectId& id) {
  std::string bytes;
  bytes.reserve(id.uuid.bytes.size() + id.type.size());
  bytes += id.uuid.view();
  bytes += id.type;
  return bytes;
}

}  // namespace

Key KeyMaker::of(KeyKind kind, std::string_view bytes) const {
  return static_cast<Key>(kind) << 60 | stored_hash(secret_, bytes) >> 4;
}

Key KeyMaker::of(const model::ObjectId& id) const {
  return of(KeyKind::id, bytes_of(id));
}

Key KeyMaker::of_reference(const model::ObjectId& target) const {
  return of(KeyKind::reference, bytes_of(target));
}

Key KeyMaker::of_creator(const model::ObjectId& creator) const {
  return of(KeyKind::creator, bytes_of(creator));
}

Key KeyMaker::of(const model::CanonicalValue& value) const {
  std::string bytes(1, static_cast<char>(value.kind));
  bytes += value.text;
  return of(KeyKind::value, bytes);
}

Key KeyMaker::of(const CircleId& collection) const {
  return of(KeyKind::collection, collection.uuid.view());
}

std::vector<Key> keys_of(const KeyMaker& maker,
                         const model::Object& object,
                         const std::optional<CircleId>& collection) {
  std::vector<Key> keys;
  keys.reserve(4 + object.labels.size() + object.external_references.size() + object.values.size() +
               object.references.size());
  keys.push_back(maker.of(object.id));
  keys.push_back(maker.of(KeyKind::type, object.id.type));
  if (collection) keys.push_back(maker.of(*collection));
  if (object.created_by_ref) keys.push_back(maker.of_creator(*object.created_by_ref));
  for (const auto& label : object.labels) keys.push_back(maker.of(KeyKind::label, label));
  for (const auto& reference : object.external_references)
    keys.push_back(maker.of(KeyKind::external, reference.external_id));
  for (const auto& value : object.values) keys.push_back(maker.of(value));
  for (const auto& reference : object.references) keys.push_back(maker.of_reference(reference.target));
  std::ranges::sort(keys);
  const auto rest = std::ranges::unique(keys);
  keys.erase(rest.begin(), rest.end());
  return keys;
}

}  // namespace shieldwall::store
