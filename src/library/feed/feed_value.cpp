#include "library/feed/feed_value.h"

#include <algorithm>

#include "base/text.h"
#include "model/json.h"
#include "model/pattern.h"

namespace shieldwall::library::feed {

namespace {

using model::PatternOperator;

std::string_view text_of(const model::Json& object, std::string_view name) {
  const auto member = object.find(name);
  return member && member->is(model::JsonKind::string) ? member->string() : std::string_view();
}

std::optional<int> number_of(const model::Json& object, std::string_view name) {
  const auto member = object.find(name);
  if (!member || !member->is(model::JsonKind::number)) return std::nullopt;
  return as_number<int>(member->number());
}

/// The values that alone make the pattern true: terms of OR. One that is true only together with another, or
/// over time, is nothing that a control could block by itself.
class Alternatives {
 public:
  void add(const model::ObservationExpression& expression) {
    if (!expression.qualifiers.empty()) return;
    if (expression.observation) return add(*expression.observation);
    if (expression.children.size() > 1 && expression.junction != model::Junction::disjunction) return;
    for (const auto& child : expression.children) add(child);
  }
  std::vector<model::CanonicalValue> values{};

 private:
  void add(const model::ComparisonExpression& expression) {
    if (expression.comparison) return add(*expression.comparison);
    if (expression.junction == model::Junction::conjunction && expression.children.size() > 1) return;
    for (const auto& child : expression.children) add(child);
  }

  void add(const model::Comparison& comparison) {
    const auto op = comparison.op;
    if (comparison.negated ||
        (op != PatternOperator::equal && op != PatternOperator::in && op != PatternOperator::is_subset))
      return;
    const bool is_direct =
        comparison.path.steps.size() == 1 || comparison.path.steps.front().name == "hashes";
    if (!is_direct) return;  // network-traffic:src_ref.value says more than "this address"
    for (const auto& literal : comparison.literals)
      if (auto value = model::canonical_at(comparison.path, literal)) values.push_back(std::move(*value));
  }
};

std::string why_label_refuses(const policy::Label& label, const Demand& demand) {
  if (!label.realm.is_nil()) return "it belongs to an exercise";
  if (label.tlp > demand.tlp_max)
    return fmt::format("it is {}, and the feed takes up to {}", name_of(label.tlp), name_of(demand.tlp_max));
  if (label.pap == policy::Pap::red) return "PAP:RED lets nothing be done with it that could be seen";
  return {};
}

std::string why_time_refuses(const model::Json& root, Judged& judged, Timestamp now) {
  if (model::is_revoked(root)) return "it is revoked";
  const auto from = parse_time(text_of(root, "valid_from"));
  if (from && from->at > now) return "it is not valid yet";
  const auto until = parse_time(text_of(root, "valid_until"));
  if (until) judged.valid_until = until->at;
  return judged.valid_until <= now ? "it has expired" : "";
}

std::string why_confidence_refuses(const model::Json& root, int least, std::span<const Testimony> said) {
  if (least == 0) return {};
  const auto stated = number_of(root, "confidence");
  if (!stated || *stated < least) return fmt::format("its confidence is below {}", least);
  const auto left = confidence_of(static_cast<int>(*stated), false, said);
  if (left.now >= least) return {};
  const auto corrections = left.false_positive + left.expired;
  const auto who = corrections == 1 ? std::string("one correction leaves")
                                    : fmt::format("{} corrections leave", corrections);
  return fmt::format("its confidence is below {}: of {}, {} {}", least, left.stated, who, left.now);
}

Judged refused(std::string why) {
  Judged judged;
  judged.refused = std::move(why);
  return judged;
}

}  // namespace

Judged judge_indicator(std::string_view text,
                       const policy::Label& label,
                       const Demand& demand,
                       Timestamp now,
                       std::span<const Testimony> said) {
  if (auto why = why_label_refuses(label, demand); !why.empty()) return refused(std::move(why));
  const auto document = model::JsonDocument::parse(std::string(text));
  if (!document) return refused("it cannot be read");
  const auto root = document->root();
  if (text_of(root, "type") != "indicator") return refused("it is no indicator");
  Judged judged;
  if (auto why = why_time_refuses(root, judged, now); !why.empty()) return refused(std::move(why));
  if (auto why = why_confidence_refuses(root, demand.confidence_min, said); !why.empty())
    return refused(std::move(why));
  const auto pattern_type = text_of(root, "pattern_type");
  if (!pattern_type.empty() && pattern_type != "stix") return refused("its pattern is not in STIX");
  const auto pattern = model::parse_any_pattern(text_of(root, "pattern"));
  if (!pattern) return refused("its pattern does not parse");
  Alternatives alternatives;
  alternatives.add(pattern->root);
  judged.values = std::move(alternatives.values);
  std::erase_if(judged.values, [&](const model::CanonicalValue& value) {
    return !demand.kinds.empty() && !std::ranges::binary_search(demand.kinds, value.kind);
  });
  if (judged.values.empty()) return refused("its pattern names no single value of the feed's kinds");
  judged.most = label.pap == policy::Pap::amber ? Action::alert : Action::block;
  return judged;
}

}  // namespace shieldwall::library::feed
