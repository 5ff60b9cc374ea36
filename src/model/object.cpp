#include "model/object.h"

#include "base/text.h"
#include "model/object_check.h"

namespace shieldwall::model {

std::string ObjectId::text() const {
  return type + "--" + uuid.text();
}

Result<ObjectId> ObjectId::parse(std::string_view text) {
  const auto refused = [&](std::string_view why) {
    return fail(ErrorCode::invalid, "'{}' is no STIX identifier (type--UUID): {}", excerpt(text, 128), why);
  };
  const auto dashes = text.find("--");
  if (dashes == text.npos) return refused("it has no '--'");
  const auto type = text.substr(0, dashes);
  if (!is_type_name(type)) return refused("its type is not lower-case letters, digits and hyphens");
  const auto uuid = Uuid::parse(text.substr(dashes + 2));
  if (!uuid) return refused("its second part is no UUID");
  // RFC 9562 section 4.1: the variant of all UUIDs that have a version.
  if ((uuid->bytes[8] & 0xc0) != 0x80 || uuid->version() == 0 || uuid->version() > 8)
    return refused("its UUID is not one of RFC 4122");
  return ObjectId{std::string(type), *uuid};
}

}  // namespace shieldwall::model
