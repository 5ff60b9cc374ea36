// From indicators to tables: what takes part, as which literals, and what does not, and why.
#include <algorithm>
#include <cstring>

#include <libpsl.h>

#include "base/text.h"
#include "detect/tables.h"
#include "detect/url_parts.h"
#include "model/pattern.h"

namespace shieldwall::detect {

namespace {

using model::CanonicalValue;
using model::ValueKind;

/// `co.uk`, `com`: names under which anybody may register. A rule on one would match half the Internet.
bool is_public_suffix(const std::string& domain) {
  const auto* const list = psl_builtin();
  return list != nullptr &&
         psl_is_public_suffix2(list, domain.c_str(), PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

std::optional<LiteralKind> literal_kind(ValueKind kind) {
  switch (kind) {
    case ValueKind::ipv4:
    case ValueKind::ipv6:
    case ValueKind::ipv4_cidr:
    case ValueKind::ipv6_cidr:
      return LiteralKind::network;
    case ValueKind::domain:
      return LiteralKind::domain;
    case ValueKind::url:
      return LiteralKind::url;
    case ValueKind::md5:
    case ValueKind::sha1:
    case ValueKind::sha256:
    case ValueKind::sha512:
      return LiteralKind::hash;
    case ValueKind::email:
      return LiteralKind::email;
    case ValueKind::file_name:
      return LiteralKind::file_name;
    default:
      return std::nullopt;
  }
}

/// The paths whose comparison means "this value was seen", whatever the event.
/// `network-traffic:src_ref.value` says more (a direction), so it is no literal.
bool is_plain_path(const model::ObjectPath& path) {
  static constexpr std::string_view values[] = {"ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr"};
  const auto& type = path.object_type;
  const bool hashed = type == "file" || type == "artifact" || type == "x509-certificate";
  if (hashed && path.steps.size() == 2 && path.steps[0].name == "hashes") return true;
  if (path.steps.size() != 1) return false;
  if (type == "file") return path.steps[0].name == "name";
  return std::ranges::find(values, type) != std::end(values) && path.steps[0].name == "value";
}

class Compiler {
 public:
  explicit Compiler(MatcherTables& tables) : tables_(tables) {}

  void add(std::uint32_t number, const CompileOptions& options) {
    number_ = number;
    used_ = false;
    reasons_.clear();
    const auto& indicator = tables_.indicators[number];
    if (indicator.revoked) {
      reasons_ = {"revoked"};
    } else if (indicator.valid_from > options.now) {
      reasons_ = {"valid only from " + to_text(indicator.valid_from)};
    } else {
      if (indicator.valid_until <= options.now)
        refuse(fmt::format("expired at {}: hits in older events alone", to_text(indicator.valid_until)));
      for (const auto& value : indicator.values) add(value);
      if (indicator.values.empty()) add_pattern(indicator.pattern);
    }
    for (auto& reason : reasons_)
      tables_.unused.push_back(
          {.id = indicator.id, .source = indicator.source, .reason = std::move(reason), .partly = used_});
  }

 private:
  void refuse(std::string reason) {
    static constexpr std::size_t reasons_max = 16;  // a pattern may hold 10^5 terms, all wrong
    if (reasons_.size() < reasons_max && std::ranges::find(reasons_, reason) == reasons_.end())
      reasons_.push_back(std::move(reason));
  }

  void add(const CanonicalValue& value) {
    const auto kind = literal_kind(value.kind);
    if (!kind) return refuse(fmt::format("values of kind {} are not looked for yet", name_of(value.kind)));
    if (*kind == LiteralKind::network) return add_network(value);
    if (*kind == LiteralKind::domain && is_public_suffix(value.text))
      return refuse(
          fmt::format("'{}' is a public suffix: it would match every name under it", excerpt(value.text)));
    if (*kind == LiteralKind::url) tables_.literals.add(LiteralKind::url_host, url_host(value.text), number_);
    insert(*kind, value.text);
  }

  void add_network(const CanonicalValue& value) {
    const auto network = model::parse_network(value.text);
    if (!network) return refuse(network.error().message);
    const bool v4 = network->is_v4();
    if (network->bits == (v4 ? 96 : 0))
      return refuse(fmt::format("'{}' would match every address", value.text));
    auto& bits = v4 ? tables_.v4_bits : tables_.v6_bits;
    if (std::ranges::find(bits, network->bits) == bits.end()) bits.push_back(network->bits);
    insert(LiteralKind::network, network_key(network->first, network->bits).view());
  }

  void insert(LiteralKind kind, std::string_view key) {
    tables_.literals.add(kind, key, number_);
    used_ = true;
  }

  void add_pattern(const std::string& text) {
    auto pattern = model::parse_pattern(text);
    if (!pattern) {
      if (auto older = model::parse_pattern(text, model::PatternSpelling::v2_0)) pattern = std::move(older);
    }
    if (!pattern) return refuse("its pattern does not parse: " + pattern.error().message);
    add_observations(pattern->root);
  }

  void add_observations(const model::ObservationExpression& expression) {
    if (!expression.qualifiers.empty()) return refuse("WITHIN, REPEATS and START are not evaluated yet");
    if (expression.observation) return add_comparisons(*expression.observation);
    if (expression.junction != model::Junction::disjunction && expression.children.size() > 1)
      return refuse("AND and FOLLOWEDBY between observations are not evaluated yet");
    for (const auto& child : expression.children) add_observations(child);
  }

  void add_comparisons(const model::ComparisonExpression& expression) {
    if (expression.comparison) return add_comparison(*expression.comparison);
    if (expression.junction == model::Junction::conjunction)
      return refuse("AND inside an observation is not evaluated yet");
    for (const auto& child : expression.children) add_comparisons(child);
  }

  void add_comparison(const model::Comparison& comparison) {
    using Op = model::PatternOperator;
    const bool network = comparison.op == Op::is_subset;
    if (comparison.negated || (comparison.op != Op::equal && comparison.op != Op::in && !network))
      return refuse("only =, IN and ISSUBSET are evaluated yet, without NOT");
    if (!is_plain_path(comparison.path)) return refuse(comparison.path.text() + " is not looked for yet");
    for (const auto& literal : comparison.literals) {
      const auto value = model::canonical_at(comparison.path, literal);
      if (value && (!network || literal_kind(value->kind) == LiteralKind::network)) {
        add(*value);
      } else if (value) {
        refuse("ISSUBSET is for networks");
      } else {
        refuse(value.error().message);
      }
    }
    if (comparison.literals.empty()) refuse("an empty list matches nothing");
  }

  MatcherTables& tables_;
  std::uint32_t number_ = 0;
  bool used_ = false;
  std::vector<std::string> reasons_;
};

}  // namespace

NetworkKey network_key(const model::Address& masked, int bits) {
  NetworkKey key{};
  std::memcpy(key.bytes, masked.bytes.data(), masked.bytes.size());
  key.bytes[16] = static_cast<char>(bits);
  return key;
}

Matcher compile(std::vector<Indicator> indicators, const CompileOptions& options) {
  auto tables = std::make_shared<MatcherTables>();
  tables->indicators = std::move(indicators);
  tables->now = options.now;
  Compiler compiler(*tables);
  for (std::size_t i = 0; i < tables->indicators.size(); ++i)
    compiler.add(static_cast<std::uint32_t>(i), options);
  std::ranges::sort(tables->v4_bits, std::ranges::greater());
  std::ranges::sort(tables->v6_bits, std::ranges::greater());
  tables->literals.seal();
  Matcher matcher;
  matcher.tables_ = std::move(tables);
  return matcher;
}

std::span<const Indicator> Matcher::indicators() const {
  return tables_->indicators;
}
std::span<const Unused> Matcher::unused() const {
  return tables_->unused;
}
std::size_t Matcher::literals() const {
  return tables_->literals.size();
}
std::size_t Matcher::bytes() const {
  return tables_->literals.bytes();
}

}  // namespace shieldwall::detect
