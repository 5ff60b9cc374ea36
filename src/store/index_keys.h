#pragma once
// Under which keys a holding is found: 64 bits each, four for the kind and sixty of a hash under the store's
// own secret, so that no outsider can make values collide. What a key leads to is confirmed against the
// object.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/object.h"
#include "store/row.h"

namespace shieldwall::store {

enum class KeyKind : std::uint8_t {  // stored: append only, at most 15
  id = 1,                            // and the alias of a redacted observable
  type = 2,
  collection = 3,
  creator = 4,
  label = 5,
  external = 6,  // the external id alone; the source name is confirmed
  value = 7,
  reference = 8,
  word = 9,
};

using Key = std::uint64_t;

class KeyMaker {
 public:
  explicit KeyMaker(std::string secret16) : secret_(std::move(secret16)) {}

  Key of(KeyKind kind, std::string_view bytes) const;
  Key of(const model::ObjectId& id) const;
  Key of_reference(const model::ObjectId& target) const;
  Key of_creator(const model::ObjectId& creator) const;
  Key of(const model::CanonicalValue& value) const;
  Key of(const CircleId& collection) const;

 private:
  std::string secret_;
};

inline KeyKind kind_of(Key key) {
  return static_cast<KeyKind>(key >> 60);
}

/// The keys of a holding but its words, each once: what its row says and what its object says.
std::vector<Key> keys_of(const KeyMaker& maker,
                         const model::Object& object,
                         const std::optional<CircleId>& collection);

}  // namespace shieldwall::store
