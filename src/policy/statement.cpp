#include "policy/statement.h"

#include <algorithm>

#include "policy/byte_form.h"
#include "policy/label_limits.h"

namespace shieldwall::policy {
namespace {

constexpr std::uint8_t statement_version = 1;
constexpr std::size_t type_bytes_max = 250;  // STIX 2.1 section 11.1: a type has 3 to 250 characters
constexpr std::size_t statement_bytes_max = label_bytes_max + 1'024;

/// STIX 2.1 section 11.1; the older types are of 3 letters too.
bool is_type(std::string_view type) {
  return type.size() >= 3 && type.size() <= type_bytes_max &&
         std::all_of(type.begin(), type.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool is_random(const Uuid& uuid) {
  return uuid.version() == 4 && (uuid.bytes[8] >> 6) == 2;
}

/// Kinds that say something of a statement before.
bool needs_predecessor(StatementKind kind) {
  return kind == StatementKind::amend || kind == StatementKind::recall || kind == StatementKind::correct ||
         kind == StatementKind::restored;
}

template <typename T>
void write_optional(ByteWriter& out, const std::optional<T>& value, void (*write)(ByteWriter&, const T&)) {
  out.field([&](ByteWriter& inner) {
    if (value) write(inner, *value);
  });
}

void write_digest(ByteWriter& out, const Digest& digest) {
  out.digest(digest);
}
void write_object(ByteWriter& out, const StatedObject& object) {
  out.number(object.version.us);
  out.uuid(object.id.uuid);
  out.raw(object.id.type);
}
void write_source(ByteWriter& out, const Source& source) {
  out.number(static_cast<std::uint8_t>(source.kind));
  out.uuid(source.id);
}

/// A field of exactly 16 bytes, a UUID.
Result<Uuid> uuid_field(ByteReader& in) {
  return in.field(16, [](ByteReader& field) { return field.uuid(); });
}
Result<Digest> digest_field(ByteReader& in) {
  return in.field(32, [](ByteReader& field) { return field.digest(); });
}
template <typename Number>
Result<Number> number_field(ByteReader& in) {
  return in.field(sizeof(Number), [](ByteReader& field) { return field.number<Number>(); });
}

/// An empty field is nothing.
template <typename Read>
auto optional_field(ByteReader& in, std::size_t most, Read read)
    -> Result<std::optional<std::decay_t<decltype(*read(in))>>> {
  using Value = std::optional<std::decay_t<decltype(*read(in))>>;
  return in.field(most, [&](ByteReader& field) -> Result<Value> {
    if (field.is_empty()) return Value();
    return Value(TRY(read(field)));
  });
}

Result<StatedObject> read_object(ByteReader& in) {
  StatedObject object;
  object.version.us = TRY(in.number<std::int64_t>());
  object.id.uuid = TRY(in.uuid());
  object.id.type = in.rest();
  return object;
}

Result<Source> read_source(ByteReader& in) {
  Source source;
  const auto kind = TRY(in.number<std::uint8_t>());
  if (kind < 1 || kind > static_cast<std::uint8_t>(Source::Kind::feed))
    return in.refuse("no such kind of source");
  source.kind = static_cast<Source::Kind>(kind);
  source.id = TRY(in.uuid());
  return source;
}

Done read_identity(ByteReader& in, Statement& statement) {
  statement.alliance.uuid = TRY(uuid_field(in));
  statement.origin.uuid = TRY(uuid_field(in));
  statement.release.uuid = TRY(uuid_field(in));
  statement.object = TRY(optional_field(in, 24 + type_bytes_max, read_object));
  statement.number = TRY(number_field<std::uint32_t>(in));
  statement.predecessor = TRY(optional_field(in, 32, [](ByteReader& field) { return field.digest(); }));
  return {};
}

Done read_content(ByteReader& in, Statement& statement) {
  statement.commitment = TRY(digest_field(in));
  statement.field_root = TRY(optional_field(in, 32, [](ByteReader& field) { return field.digest(); }));
  const auto label = TRY(in.counted(label_bytes_max));
  statement.label = TRY(decode_label(label));
  statement.audience = TRY(digest_field(in));
  const auto kind = TRY(number_field<std::uint8_t>(in));
  if (kind < 1 || kind > static_cast<std::uint8_t>(StatementKind::restored))
    return in.refuse("no such kind of statement");
  statement.kind = static_cast<StatementKind>(kind);
  statement.source = TRY(optional_field(in, 17, read_source));
  statement.key = TRY(digest_field(in));
  if (TRY(number_field<std::uint8_t>(in)) != static_cast<std::uint8_t>(Algorithm::ed25519))
    return in.refuse("no such algorithm of signatures");
  return {};
}

}  // namespace

Done check(const Statement& statement) {
  if (statement.alliance.is_nil() || statement.origin.is_nil())
    return fail(ErrorCode::invalid, "a statement names an alliance and an origin");
  if (!is_random(statement.release.uuid))
    return fail(ErrorCode::invalid, "the release's id is no random UUID (version 4)");
  if (statement.object &&
      (!is_type(statement.object->id.type) || !is_writable(statement.object->version, Timestamp{})))
    return fail(ErrorCode::invalid, "the object's type or version is none of STIX");
  if (statement.number == 0) return fail(ErrorCode::invalid, "numbers are counted from 1");
  if (statement.predecessor.has_value() != (statement.number > 1))
    return fail(ErrorCode::invalid, "every statement of a release but the first names its predecessor");
  if (needs_predecessor(statement.kind) && !statement.predecessor)
    return fail(ErrorCode::invalid, "a statement of this kind follows another");
  if (statement.source.has_value() != (statement.kind == StatementKind::import))
    return fail(ErrorCode::invalid, "an import, and nothing else, names its source");
  if (!statement.field_root && statement.kind != StatementKind::delegate)
    return fail(ErrorCode::invalid, "only delegated bytes may be sealed, without a field tree");
  if (statement.label.audience.empty())
    return fail(ErrorCode::invalid, "a label without an audience is published to nobody");
  if (statement.algorithm != Algorithm::ed25519)
    return fail(ErrorCode::invalid, "no such algorithm of signatures");
  return check_limits(statement.label);
}

Bytes encode(const Statement& statement) {
  ByteWriter out;
  out.number(statement_version);
  out.counted(statement.alliance.uuid.view());
  out.counted(statement.origin.uuid.view());
  out.counted(statement.release.uuid.view());
  write_optional(out, statement.object, write_object);
  out.field([&](ByteWriter& field) { field.number(statement.number); });
  write_optional(out, statement.predecessor, write_digest);
  out.counted(statement.commitment.view());
  write_optional(out, statement.field_root, write_digest);
  out.counted(encode(statement.label));
  out.counted(statement.audience.view());
  out.field([&](ByteWriter& field) { field.number(static_cast<std::uint8_t>(statement.kind)); });
  write_optional(out, statement.source, write_source);
  out.counted(statement.key.view());
  out.field([&](ByteWriter& field) { field.number(static_cast<std::uint8_t>(statement.algorithm)); });
  return std::move(out).take();
}

Result<Statement> decode_statement(std::string_view bytes) {
  ByteReader in(bytes, "statement");
  if (bytes.size() > statement_bytes_max)
    return fail(ErrorCode::exhausted, "a statement has at most {} bytes", statement_bytes_max);
  if (TRY(in.number<std::uint8_t>()) != statement_version)
    return in.refuse("a version this program does not know");
  Statement statement;
  TRY(read_identity(in, statement));
  TRY(read_content(in, statement));
  TRY(in.finish());
  TRY(check(statement));
  return statement;
}

Digest statement_digest(std::string_view bytes) {
  Sha256 hash;
  hash.add(std::string_view("\0", 1));
  hash.add(bytes);
  return hash.finish();
}

Done check_successor(const Statement& before, const Statement& next) {
  if (next.alliance != before.alliance || next.origin != before.origin || next.release != before.release)
    return fail(ErrorCode::invalid, "the statement is of another release");
  if (before.number == UINT32_MAX || next.number != before.number + 1 ||
      next.predecessor != statement_digest(encode(before)))
    return fail(ErrorCode::invalid, "statement {} does not follow {}", next.number, before.number);
  if (next.object.has_value() != before.object.has_value() ||
      (next.object && next.object->id != before.object->id))
    return fail(ErrorCode::invalid, "a release is of one object");
  const bool keeps_bytes = next.kind == StatementKind::amend || next.kind == StatementKind::recall;
  if (keeps_bytes && (next.object != before.object || next.commitment != before.commitment ||
                      next.field_root != before.field_root))
    return fail(ErrorCode::invalid, "an amendment or recall leaves the bytes as they are");
  if (!at_least_as_wide(before.label, next.label))
    return fail(ErrorCode::invalid,
                "within a release a label only narrows; a wider audience is a new release");
  return {};
}

}  // namespace shieldwall::policy
