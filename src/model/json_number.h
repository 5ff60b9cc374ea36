#pragma once
// Numbers of any size, in the one spelling that RFC 8785 gives them. Internal to json*.cpp.

#include <string>
#include <string_view>

namespace shieldwall::model {

/// Appends a JSON number. An integer keeps its digits, which up to 2^53 is also what ECMAScript writes; a
/// number with a fraction or an exponent becomes the double it stands for, as ECMAScript writes it; one too
/// large for a double keeps its digits and gets an exponent (`1.5e+400`).
void append_canonical_number(std::string& out, std::string_view number);

}  // namespace shieldwall::model
