#include "model/pattern_paths.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace shieldwall::model {

namespace {

struct HashShape {
  std::string_view name;  // STIX 2.1 section 10.8, letters and digits alone in upper case
  std::size_t digits;
  std::optional<ValueKind> kind;
};

constexpr std::array<HashShape, 9> hash_shapes = {{{"MD5", 32, ValueKind::md5},
                                                   {"SHA1", 40, ValueKind::sha1},
                                                   {"SHA224", 56, std::nullopt},
                                                   {"SHA256", 64, ValueKind::sha256},
                                                   {"SHA384", 96, std::nullopt},
                                                   {"SHA512", 128, ValueKind::sha512},
                                                   {"SHA3224", 56, std::nullopt},
                                                   {"SHA3256", 64, std::nullopt},
                                                   {"SHA3512", 128, std::nullopt}}};

const HashShape* hash_shape(std::string_view algorithm) {
  std::string plain;
  for (const char c : algorithm)
    if (c != '-') plain += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  const auto* const found = std::ranges::find(hash_shapes, plain, &HashShape::name);
  return found == hash_shapes.end() ? nullptr : found;
}

bool is_name(const PatternStep& step) {
  return step.kind == PatternStep::Kind::name;
}

/// `...hashes.<algorithm>` at the end of a path.
const HashShape* hash_at(const ObjectPath& path) {
  const auto size = path.steps.size();
  if (size < 2 || !is_name(path.steps[size - 1]) || !is_name(path.steps[size - 2])) return nullptr;
  return path.steps[size - 2].name == "hashes" ? hash_shape(path.steps[size - 1].name) : nullptr;
}

struct Row {
  std::string_view path;  // as ObjectPath::text() writes it, an index or [*] as [*]
  PathKind kind;
};

constexpr Row rows[] = {
    {"ipv4-addr:value", {ValueKind::ipv4}},
    {"ipv6-addr:value", {ValueKind::ipv6}},
    {"domain-name:value", {ValueKind::domain}},
    {"domain-name:resolves_to_refs[*].value", {ValueKind::ipv4, true}},
    {"url:value", {ValueKind::url}},
    {"email-addr:value", {ValueKind::email}},
    {"mac-addr:value", {ValueKind::mac}},
    {"file:name", {ValueKind::file_name}},
    {"file:parent_directory_ref.path", {ValueKind::file_path}},
    {"directory:path", {ValueKind::file_path}},
    {"process:image_ref.name", {ValueKind::file_name}},
    {"process:binary_ref.name", {ValueKind::file_name}},  // STIX 2.0
    {"process:name", {ValueKind::file_name}},             // STIX 2.0
    {"mutex:name", {ValueKind::mutex}},
    {"windows-registry-key:key", {ValueKind::registry_key}},
    {"autonomous-system:number", {ValueKind::asn}},
    {"x509-certificate:serial_number", {ValueKind::cert_serial}},
    {"network-traffic:src_ref.value", {ValueKind::ipv4, true}},
    {"network-traffic:dst_ref.value", {ValueKind::ipv4, true}},
    {"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'", {ValueKind::user_agent}},
    {"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*]", {ValueKind::user_agent}},
    {"email-message:from_ref.value", {ValueKind::email}},
    {"email-message:sender_ref.value", {ValueKind::email}},
    {"email-message:to_refs[*].value", {ValueKind::email}},
    {"email-message:cc_refs[*].value", {ValueKind::email}},
    {"email-message:bcc_refs[*].value", {ValueKind::email}},
    {"email-message:body_multipart[*].body_raw_ref.name", {ValueKind::file_name}},
};

void collect(const ComparisonExpression& expression, std::vector<CanonicalValue>& values) {
  for (const auto& child : expression.children) collect(child, values);
  if (!expression.comparison) return;
  const auto& comparison = *expression.comparison;
  const bool equality = comparison.op == PatternOperator::equal || comparison.op == PatternOperator::in;
  if (!equality || comparison.negated || !path_kind(comparison.path)) return;
  for (const auto& literal : comparison.literals)
    if (auto value = canonical_at(comparison.path, literal)) values.push_back(std::move(*value));
}

void collect(const ObservationExpression& expression, std::vector<CanonicalValue>& values) {
  for (const auto& child : expression.children) collect(child, values);
  if (expression.observation) collect(*expression.observation, values);
}

}  // namespace

Done check_hash(const Comparison& comparison) {
  const auto* const shape = hash_at(comparison.path);
  const bool exact = comparison.op == PatternOperator::equal || comparison.op == PatternOperator::not_equal ||
                     comparison.op == PatternOperator::in;
  if (shape == nullptr || !exact) return {};
  for (const auto& literal : comparison.literals) {
    if (literal.kind != PatternLiteral::Kind::string) continue;  // compared as bytes, or simply never equal
    if (literal.text.size() == shape->digits && from_hex(literal.text)) continue;
    return fail(ErrorCode::invalid,
                "at {}: '{}' is not a {} of {} hexadecimal digits",
                comparison.offset,
                excerpt(literal.text),
                shape->name,
                shape->digits);
  }
  return {};
}

std::optional<PathKind> path_kind(const ObjectPath& path) {
  if (const auto* const shape = hash_at(path))
    return shape->kind ? std::optional(PathKind{*shape->kind}) : std::nullopt;
  auto general = path;
  for (auto& step : general.steps)
    if (step.kind == PatternStep::Kind::index) step.kind = PatternStep::Kind::any;
  const auto* const row = std::ranges::find(rows, general.text(), &Row::path);
  return row == std::end(rows) ? std::nullopt : std::optional(row->kind);
}

Result<CanonicalValue> canonical_at(const ObjectPath& path, const PatternLiteral& literal) {
  const auto kind = path_kind(path);
  if (!kind) return fail(ErrorCode::invalid, "{} holds no value of a known kind", path.text());
  const bool number = kind->kind == ValueKind::asn && literal.kind == PatternLiteral::Kind::integer;
  if (literal.kind != PatternLiteral::Kind::string && !number)
    return fail(ErrorCode::invalid, "{} is compared with something that is not text", path.text());
  return kind->guess ? canonical_guess(literal.text) : canonical(kind->kind, literal.text);
}

Result<std::vector<CanonicalValue>> equality_values(std::string_view text) {
  return equality_values(TRY(parse_any_pattern(text)));
}

std::vector<CanonicalValue> equality_values(const Pattern& pattern) {
  std::vector<CanonicalValue> values;
  collect(pattern.root, values);
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
  return values;
}

}  // namespace shieldwall::model
