#pragma once
// What an indicator gives a control to block: single values, nothing else of it.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "library/value.h"
#include "model/canonical.h"
#include "policy/label.h"

namespace shieldwall::library::feed {

/// What a feed asks of an indicator before it takes values from it.
struct Demand {
  policy::Tlp tlp_max = policy::Tlp::amber;
  int confidence_min = 0;                 // 0: also one that tells none
  std::vector<model::ValueKind> kinds{};  // sorted; empty: all that the format can say
};

/// May a control act on it, or only tell?
enum class Action : std::uint8_t { alert, block };

struct Judged {
  std::vector<model::CanonicalValue> values{};
  Action most = Action::block;  // PAP:AMBER lets nobody block (it would show), only look
  Timestamp valid_until = Timestamp::never();
  std::string refused{};  // why nothing of it is fed; empty: `values` are
};

/// Never an error: what is refused says why.
///   said  of the indicator by others, which may leave less of its confidence
Judged judge_indicator(std::string_view text,
                       const policy::Label& label,
                       const Demand& demand,
                       Timestamp now,
                       std::span<const Testimony> said = {});

}  // namespace shieldwall::library::feed
