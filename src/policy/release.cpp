// The last look before anything leaves: the label once more, and what this reader may not have taken out.

#include <algorithm>

#include "policy/byte_form.h"
#include "policy/label_limits.h"
#include "policy/redact.h"
#include "policy/released.h"

namespace shieldwall::policy {
namespace {

constexpr std::uint8_t parts_version = 1;
constexpr std::size_t parts_max = 4'096;
constexpr std::size_t selectors_max = 65'536;      // of one part
constexpr std::size_t selector_bytes_max = 4'096;  // a path through 64 levels of keys of 63 bytes

/// A cyber-observable: neither `created` nor `modified` gives its version.
bool is_observable(const Holding& holding) {
  return std::holds_alternative<Digest>(holding.version);
}

bool has_everything(const Scope& scope, const Holding& holding) {
  return scope.is_everything() || owns_every_clause(scope.subject(), holding.label);
}

std::unexpected<Error> hidden() {
  return fail(ErrorCode::not_found, "no such object");
}

Cuts cuts_for(const Scope& scope, const Holding& holding, Timestamp now) {
  Cuts cuts;
  for (const GranularLabel& part : holding.parts)
    if (!scope.sees(part.label, now))
      cuts.selectors.insert(cuts.selectors.end(), part.selectors.begin(), part.selectors.end());
  cuts.pointers.assign(holding.removed.begin(), holding.removed.end());
  return cuts;
}

/// An id that was made from the object's value tells it, and so does the digest of the whole content.
Done hide_identity(Holding& holding, Cuts& cuts) {
  if (!is_observable(holding) || holding.id.uuid.version() == 4) return {};
  if (holding.alias.is_nil()) return hidden();
  holding.id.uuid = holding.alias;
  cuts.id = holding.id.text();
  return {};
}

/// Puts the redacted text in the holding's place. What breaks a MUST of the standard without the hidden part
/// is not shown at all: a relationship of which one end is hidden, an address without its value.
Done redact(Holding& holding, const Cuts& cuts) {
  auto bytes = redact(*holding.bytes, cuts);
  if (!bytes) return hidden();
  const auto document = model::JsonDocument::parse(*bytes);
  if (!document || !model::read_object(document->root())) return hidden();
  if (is_observable(holding)) holding.version = model::content_digest(document->root());
  holding.bytes = std::make_shared<const std::string>(std::move(*bytes));
  return {};
}

}  // namespace

Result<Released<Holding>> Release::of(const Scope& scope, Holding holding, Timestamp now) {
  if (!scope.sees(holding.label, now)) return hidden();
  if (has_everything(scope, holding)) return Released<Holding>(std::move(holding));
  Cuts cuts = cuts_for(scope, holding, now);
  if (!cuts.selectors.empty() || !cuts.pointers.empty()) {
    TRY(hide_identity(holding, cuts));
    if (holding.bytes != nullptr) TRY(redact(holding, cuts));
  }
  holding.parts.clear();
  holding.removed.clear();
  holding.alias = {};
  return Released<Holding>(std::move(holding));
}

bool sees_all_parts(const Scope& scope, const Holding& holding, Timestamp now) {
  return has_everything(scope, holding) ||
         std::all_of(holding.parts.begin(), holding.parts.end(), [&](const GranularLabel& part) {
           return scope.sees(part.label, now);
         });
}

Label label_when_named(const Holding& holding) {
  Label label = holding.label;
  if (!is_observable(holding)) return label;
  for (const GranularLabel& part : holding.parts) {
    auto joined = join(label, part.label);
    if (!joined) return Label{};  // nobody passes
    label = std::move(*joined);
  }
  return label;
}

Bytes encode_parts(const std::vector<GranularLabel>& parts) {
  if (parts.empty()) return {};
  ByteWriter out;
  out.number(parts_version);
  out.number(static_cast<std::uint32_t>(parts.size()));
  for (const GranularLabel& part : parts) {
    out.number(static_cast<std::uint32_t>(part.selectors.size()));
    for (const std::string& selector : part.selectors) out.counted(selector);
    out.counted(encode(part.label));
  }
  return std::move(out).take();
}

Result<std::vector<GranularLabel>> decode_parts(std::string_view bytes) {
  std::vector<GranularLabel> parts;
  if (bytes.empty()) return parts;
  ByteReader in(bytes, "marked parts");
  if (TRY(in.number<std::uint8_t>()) != parts_version)
    return in.refuse("a version this program does not know");
  parts.resize(TRY(in.count(parts_max, 13)));
  if (parts.empty()) return in.refuse("no parts are written as no bytes");
  for (GranularLabel& part : parts) {
    part.selectors.resize(TRY(in.count(selectors_max, 4)));
    if (part.selectors.empty()) return in.refuse("a part without selectors");
    for (std::string& selector : part.selectors) selector = TRY(in.counted(selector_bytes_max));
    const auto label = TRY(in.counted(label_bytes_max));
    part.label = TRY(decode_label(label));
  }
  TRY(in.finish());
  return parts;
}

}  // namespace shieldwall::policy
