#include "cli/accepts.h"

#include "base/ids.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/api_root.h"
#include "library/label_request.h"
#include "model/canonical.h"
#include "model/object.h"
#include "policy/label.h"
#include "policy/label_json.h"
#include "server/account.h"

namespace shieldwall::cli::accepts {

namespace {

template <typename T>
Fault fault_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().message;
}

Fault unless(bool holds, std::string_view text, std::string_view wanted) {
  if (holds) return std::nullopt;
  return fmt::format("'{}' is no {}", excerpt(text), wanted);
}

}  // namespace

Fault number(std::string_view text) {
  return unless(as_number<std::uint64_t>(text).has_value(), text, "number");
}
Fault port(std::string_view text) {
  return unless(as_number<std::uint16_t>(text).has_value(), text, "port: 0 to 65535");
}
Fault uuid(std::string_view text) {
  return fault_of(Uuid::parse(text));
}
Fault stix_id(std::string_view text) {
  return fault_of(model::ObjectId::parse(text));
}
Fault nation(std::string_view text) {
  return fault_of(policy::Nation::parse(text));
}
Fault instant(std::string_view text) {
  return fault_of(parse_time(text));
}
Fault value_kind(std::string_view text) {
  return unless(model::value_kind_named(text).has_value(), text, "kind of value");
}
Fault tlp(std::string_view text) {
  return fault_of(library::tlp_named(text));
}
Fault pap(std::string_view text) {
  auto name = to_lower_ascii(text);
  if (name.starts_with("pap:")) name.erase(0, 4);
  return unless(name == "white" || policy::pap_named(name), text, "PAP: clear, green, amber or red");
}
Fault role(std::string_view text) {
  return fault_of(server::role_named(text));
}
Fault right(std::string_view text) {
  return fault_of(server::right_named(text));
}
Fault api_root(std::string_view text) {
  return unless(ledger::is_api_root_name(text),
                text,
                "name of an API root: 1 to 64 letters, digits and - _ ., and not a door of the node");
}

}  // namespace shieldwall::cli::accepts
