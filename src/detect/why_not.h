#pragma once
// Why a value hits, or why it does not.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/matcher.h"

namespace shieldwall::detect {

class IndicatorPatterns;
class WarningLists;

/// "indicator--1 (one), from bundle.json, confidence 80, valid from ... until ...": why a hit is believed and
/// where the indicator came from.
std::string belief_in(const Indicator& indicator);

/// What a matcher does with `value` in an event of the time `at`, in sentences for people: how it is read,
/// what it hits, which indicators would hit but are not in force, and which name it but cannot be used, and
/// why. Walks over all indicators.
///   lists  warning lists: one that names the value is told, as what it hits is not reported
///   patterns  of the matcher, where those that say more than values take part: they are held against an
///   event
///          that has the value alone
///   kind   read as this alone, where the text could be several; hits of others are not told
std::vector<std::string> why_not(const Matcher& matcher,
                                 std::string_view value,
                                 Timestamp at,
                                 const WarningLists* lists = nullptr,
                                 std::optional<model::ValueKind> kind = {},
                                 std::shared_ptr<const IndicatorPatterns> patterns = {});

}  // namespace shieldwall::detect
