#pragma once
// Values as attackers' tools encode them (Sigma modifiers appendix 2.1, "Encoding").

#include <array>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall::detect::sigma {

enum class Utf16 : unsigned char { little, big, little_with_mark };

/// UTF-8 text as UTF-16 code units; `little_with_mark` begins with FF FE.
///   errors  invalid: not UTF-8
Result<std::string> to_utf16(std::string_view text, Utf16 form);

/// The parts of the base64 text that stay the same whatever surrounds `bytes`, for each of the three places
/// at which they can begin in a group. A part is empty when so little is left.
std::array<std::string, 3> base64_offsets(std::string_view bytes);

}  // namespace shieldwall::detect::sigma
