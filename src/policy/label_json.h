#pragma once
// A label as JSON that people can read: what our STIX extension carries, the API shows and the test vectors
// say. docs/formats/label.md. The signed form is the binary one in label.h.

#include <string>

#include "model/json.h"
#include "policy/label.h"

namespace shieldwall::policy {

/// RFC 8785 text: keys sorted, neutral values left out except `tlp` and `audience`.
std::string label_json(const Label& label);

/// Members of `json` named in `beside` are left to the caller; any other unknown member refuses the label,
/// for it may restrict in a way we do not know. Lists may come in any order.
///   errors  invalid, with the JSON pointer; exhausted: over check_limits
Result<Label> read_label_json(const model::Json& json, const std::vector<std::string_view>& beside = {});

std::string_view text_of(Tlp tlp);  // "amber+strict", as STIX writes it
Result<Tlp> tlp_named(std::string_view text);
std::string_view text_of(Pap pap);
Result<Pap> pap_named(std::string_view text);

}  // namespace shieldwall::policy
