#pragma once
// The ids that markings are known by. Internal to stix_*.cpp.

#include <string_view>

namespace shieldwall::wire {

/// OASIS: the extension by which a marking definition says TLP 2.0.
inline constexpr std::string_view tlp_2_extension =
    "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// Ours, docs/formats/stix-extension.md.
inline constexpr std::string_view label_extension =
    "extension-definition--d8a45d44-a7ee-4848-b38e-85ed6a529b6f";
/// Name space of our marking definitions' ids: UUIDv5 of the label's canonical bytes.
inline constexpr std::string_view label_name_space = "2931d4a0-0f29-495c-8c03-c855f521f4be";
inline constexpr std::string_view extension_author = "identity--645a6c02-c020-434d-8673-a59a00d4234c";

}  // namespace shieldwall::wire
