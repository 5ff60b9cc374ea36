#pragma once
// A feed's values in the forms that controls read. Nothing but the value leaves: no indicator, source, name
// or time.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "library/feed/feed_value.h"

namespace shieldwall::library::feed {

enum class Format : std::uint8_t { plain, rpz, nftables, suricata, suricata_dataset, zeek };
std::string_view name_of(Format format);
std::optional<Format> format_named(std::string_view name);
std::string_view media_type_of(Format format);

/// Can the format say a value of this kind?
bool can_say(Format format, model::ValueKind kind);

struct Line {
  model::CanonicalValue value;
  Action action = Action::block;
  auto operator<=>(const Line&) const = default;
};

struct Rendering {
  std::string_view name;     // of the feed: letters, digits and _
  std::uint64_t serial = 1;  // grows with each change
};

/// The whole feed. `lines` are sorted.
///   plain             one value a line; those to block alone
///   rpz               a response policy zone: blocked names and addresses answer NXDOMAIN, the others are
///   let
///                     pass, which the resolver logs
///   nftables          a file for `nft -f`: a table with sets NAME_v4, NAME_v6 and NAME_alert_v4,
///   NAME_alert_v6 suricata          rules: drop, or alert suricata_dataset  of one kind: base64 of names, or
///   hashes and addresses as they are zeek              the intelligence framework's table
std::string render(Format format, std::span<const Line> lines, const Rendering& as);

/// What changed, for plain ("+value", "-value") and nftables (commands for `nft -f`); nothing: the format
/// knows no changes, take the whole.
std::optional<std::string> render_change(Format format,
                                         std::span<const Line> before,
                                         std::span<const Line> after,
                                         const Rendering& as);

}  // namespace shieldwall::library::feed
