#include "detect/why_not.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "detect/pattern/named_values.h"
#include "detect/tables.h"
#include "detect/warning_lists.h"
#include "model/canonical_parts.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t told_max = 20;  // of each sort
constexpr std::size_t pattern_bytes_told = 200;
constexpr std::string_view by_its_pattern = ", by its pattern";

/// The forms under which a text could stand in an indicator.
std::vector<model::CanonicalValue> readings(std::string_view value) {
  using model::ValueKind;
  std::vector<model::CanonicalValue> all;
  if (const auto guess = model::canonical_guess(value)) all.push_back(*guess);
  for (const auto kind : {ValueKind::file_name, ValueKind::file_path, ValueKind::registry_key}) {
    const bool path = value.find_first_of("/\\") != value.npos;
    if (path || (kind == ValueKind::file_name && all.empty()))
      if (const auto made = model::canonical(kind, value)) all.push_back(*made);
  }
  return all;
}

/// What an indicator's pattern names that looks for values of a kind: a name's host may be an address.
std::vector<std::string_view> paths_for(model::ValueKind kind) {
  using enum model::ValueKind;
  switch (kind) {
    case ipv4:
    case ipv4_cidr:
      return {"ipv4-addr:"};
    case ipv6:
    case ipv6_cidr:
      return {"ipv6-addr:"};
    case domain:
      return {"domain-name:"};
    case url:
      return {"url:", "domain-name:", "ipv4-addr:", "ipv6-addr:"};
    case md5:
    case sha1:
    case sha256:
    case sha512:
    case ja3:
    case ja4:
      return {"file:", "artifact:", "x509-certificate:", "network-traffic:"};
    case email:
      return {"email-addr:", "email-message:", "domain-name:"};
    case file_name:
    case file_path:
      return {"file:", "directory:", "process:"};
    case user_agent:
      return {"network-traffic:"};
    case mutex:
      return {"mutex:"};
    case registry_key:
      return {"windows-registry-key:"};
    case mac:
      return {"mac-addr:"};
    case asn:
      return {"autonomous-system:"};
    case cert_serial:
      return {"x509-certificate:"};
  }
  return {};
}

/// The field of an event in which such a value would stand; empty where no pattern asks for it.
std::string_view event_field(model::ValueKind kind) {
  using enum model::ValueKind;
  switch (kind) {
    case ipv4:
    case ipv6:
      return "id.resp_h";
    case domain:
      return "query";
    case url:
      return "url.full";
    case md5:
    case sha1:
    case sha256:
    case user_agent:
      return name_of(kind);
    case email:
      return "smtp.mail_from";
    case file_name:
      return "filename";
    default:
      return "";
  }
}

class Explanation {
 public:
  Explanation(const Matcher& matcher,
              std::string_view value,
              Timestamp at,
              std::optional<model::ValueKind> kind,
              std::shared_ptr<const IndicatorPatterns> patterns,
              const WarningLists* lists)
      : matcher_(matcher), value_(value), at_(at), kind_(kind), patterns_(std::move(patterns)) {
    if (patterns_ && lists != nullptr) listed_ = listed_patterns(*patterns_, *lists);
    if (!kind) {
      readings_ = readings(value);
    } else if (auto made = model::canonical(*kind, value)) {
      readings_.push_back(std::move(*made));
    } else {
      not_of_kind_ = made.error().message;
    }
  }

  std::vector<std::string> tell() && {
    tell_readings();
    if (kind_ && readings_.empty()) return std::move(said_);
    tell_hits();
    if (patterns_) tell_pattern_hits();
    if (hits_.empty()) say("nothing in force looks for it");
    tell_not_in_force();
    return std::move(said_);
  }

 private:
  void say(std::string sentence) { said_.push_back(std::move(sentence)); }

  void tell_readings() {
    if (!not_of_kind_.empty())
      say(fmt::format("'{}' cannot be read as {}: {}", excerpt(value_), name_of(*kind_), not_of_kind_));
    else if (readings_.empty())
      say(fmt::format("'{}' is no observable of a known kind", excerpt(value_)));
    for (const auto& reading : readings_)
      say(fmt::format("read as {}: {}", name_of(reading.kind), excerpt(reading.text)));
  }

  void tell_hits() {
    Scanner scanner(matcher_, FreeText::inside);
    const auto time = to_text(at_);
    // Some kinds are known by the name of their field alone.
    const auto field = kind_ ? name_of(*kind_) : std::string_view("value");
    for (const auto& match : scanner.scan({.line = 1, .fields = {{"ts", time}, {field, value_}}}))
      if (match.field == field && is_of_kind(matcher_.indicator(match.indicator)) &&
          hits_.insert(match.indicator).second && hits_.size() <= told_max)
        say("hits " + belief_in(matcher_.indicator(match.indicator)));
  }

  /// Of patterns that this value completes by itself.
  void tell_pattern_hits() {
    PatternFollower follower(patterns_);
    for (const auto& reading : readings_) {
      const auto field = event_field(reading.kind);
      if (field.empty()) continue;
      for (const auto number : follower.feed({.line = 1, .fields = {{field, reading.text}}}, {}, at_))
        if (hits_.insert(number).second && hits_.size() <= told_max)
          say((listed_.contains(number) ? "held back: it " : "") +
              fmt::format("hits {}{}", belief_in(matcher_.indicator(number)), by_its_pattern));
    }
  }

  bool is_of_kind(const Indicator& indicator) const {
    if (!kind_) return true;
    return std::ranges::any_of(paths_for(*kind_), [&](std::string_view path) {
      return indicator.pattern.find(path) != indicator.pattern.npos;
    });
  }

  bool mentions(std::string_view pattern) const {
    const auto text = to_lower_ascii(pattern);
    return text.find(to_lower_ascii(value_)) != text.npos ||
           std::ranges::any_of(readings_, [&](const auto& r) { return text.find(r.text) != text.npos; });
  }

  /// Why an indicator that names the value does not hit it.
  std::string reason(std::size_t number, const Indicator& indicator) const {
    const auto& tables = MatcherAccess::tables(matcher_);
    const auto& withdrawn = tables.layer_of(number).withdrawn;
    if (withdrawn && withdrawn->contains(indicator.id)) return "was withdrawn, or a newer version of it came";
    if (indicator.valid_until <= at_) return "had expired then";
    return "looks for something else: " + excerpt(indicator.pattern, pattern_bytes_told);
  }

  void tell_not_in_force() {
    auto unused = matcher_.unused();
    if (patterns_) {  // they know better why one of theirs is not used
      const auto& theirs = patterns_->unused();
      std::erase_if(unused, [&](const Unused& one) {
        return std::ranges::find(theirs, one.id, &Unused::id) != theirs.end();
      });
      unused.insert(unused.end(), theirs.begin(), theirs.end());
    }
    std::multimap<std::string_view, const Unused*> reasons;
    for (const auto& one : unused) reasons.emplace(one.id, &one);
    std::size_t told = 0;
    for (std::size_t i = 0; i < matcher_.indicator_count() && told < told_max; ++i) {
      if (hits_.contains(i)) continue;
      const auto indicator = matcher_.indicator(i);
      if (!is_of_kind(indicator) || !mentions(indicator.pattern)) continue;
      ++told;
      if (patterns_ && patterns_->takes(indicator.id)) {
        say(belief_in(indicator) +
            " asks for more than this value: " + excerpt(indicator.pattern, pattern_bytes_told));
        continue;
      }
      const auto [first, last] = reasons.equal_range(indicator.id);
      for (auto at = first; at != last; ++at)
        say(fmt::format(
            "{} is not used{}: {}", indicator.id, at->second->partly ? " in part" : "", at->second->reason));
      if (first == last) say(belief_in(indicator) + " " + reason(i, indicator));
    }
  }

  const Matcher& matcher_;
  std::string_view value_;
  Timestamp at_;
  std::optional<model::ValueKind> kind_;
  std::shared_ptr<const IndicatorPatterns> patterns_;
  std::map<std::size_t, std::string> listed_;  // of these, by warning lists
  std::string not_of_kind_;
  std::vector<model::CanonicalValue> readings_;
  std::set<std::size_t> hits_;
  std::vector<std::string> said_;
};

}  // namespace

std::string belief_in(const Indicator& indicator) {
  auto text = indicator.id;
  if (!indicator.name.empty()) text += fmt::format(" ({})", excerpt(indicator.name));
  if (!indicator.source.empty()) text += ", from " + excerpt(indicator.source);
  if (indicator.confidence) text += fmt::format(", confidence {}", *indicator.confidence);
  if (indicator.valid_from != Timestamp::always()) text += ", valid from " + to_text(indicator.valid_from);
  if (indicator.valid_until != Timestamp::never()) text += ", valid until " + to_text(indicator.valid_until);
  return text;
}

std::vector<std::string> why_not(const Matcher& matcher,
                                 std::string_view value,
                                 Timestamp at,
                                 const WarningLists* lists,
                                 std::optional<model::ValueKind> kind,
                                 std::shared_ptr<const IndicatorPatterns> patterns) {
  auto sentences = Explanation(matcher, value, at, kind, std::move(patterns), lists).tell();
  if (lists == nullptr) return sentences;
  auto forms = readings(value);
  std::optional<std::string> list = lists->naming(value);
  for (std::size_t i = 0; !list && i < forms.size(); ++i) list = lists->naming(forms[i].text);
  if (list) {
    for (auto& sentence : sentences)
      if (sentence.starts_with("hits ") && !sentence.ends_with(by_its_pattern))
        sentence.insert(0, "held back: it ");
    sentences.push_back(
        fmt::format("is on the warning list '{}': what it hits as a value is not reported", excerpt(*list)));
  }
  return sentences;
}

}  // namespace shieldwall::detect
