// The rows: docs/formats/subject.md.

#include "library/stand.h"

#include <cstring>

#include "policy/subject_form.h"

namespace shieldwall::library {

namespace {

constexpr Duration scope_kept = days(90);  // after its reader was last there

std::string purpose_of(const api::Caller& caller) {
  return "changes\n" + caller.account.text() + caller.organisation.text();
}

std::string key_of(const api::Call& call, ScopeMark mark) {
  return fmt::format("scope/{}/{:016x}", call.caller->account.text(), mark);
}

}  // namespace

ScopeMark mark_of(const policy::Scope& scope) {
  ScopeMark mark = 0;
  std::memcpy(&mark, scope.fingerprint().bytes.data(), sizeof mark);
  return mark;
}

std::string Stand::seal(const api::Call& call) const {
  const std::uint64_t parts[] = {after, saw, opening, opened};
  return call.services.sealer.seal(purpose_of(*call.caller),
                                   {reinterpret_cast<const char*>(parts), sizeof parts});
}

Result<Stand> Stand::open(const api::Call& call, std::string_view token) {
  std::uint64_t parts[4] = {};
  const auto bytes = call.services.sealer.open(purpose_of(*call.caller), token);
  if (!bytes || (bytes->size() != sizeof parts && bytes->size() != sizeof parts[0]))
    return fail(ErrorCode::invalid, "no event of yours has that id; start again without it");
  std::memcpy(parts, bytes->data(), bytes->size());
  if (bytes->size() == sizeof parts[0]) parts[1] = mark_of(call.scope());
  return Stand{.after = parts[0], .saw = parts[1], .opening = parts[2], .opened = parts[3]};
}

Done keep_scope(const api::Call& call) {
  auto& records = call.services.store.records();
  const auto key = key_of(call, mark_of(call.scope()));
  const auto row = records.read(store::Table::cursor, key);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (row && row->expires > call.now + Duration{scope_kept.us / 2}) return {};  // not a write for each reader
  const store::Write write{.table = store::Table::cursor,
                           .key = key,
                           .value = policy::encode(call.scope().subject()),
                           .expected = std::nullopt,
                           .expires = call.now + scope_kept};
  return records.write({&write, 1});
}

Result<std::optional<policy::Scope>> kept_scope(const api::Call& call, ScopeMark mark) {
  const auto row = call.services.store.records().read(store::Table::cursor, key_of(call, mark));
  if (!row && row.error().code == ErrorCode::not_found) return std::optional<policy::Scope>();
  if (!row) return fail(row.error());
  auto subject = policy::decode_subject(row->value);
  if (!subject) return fail(ErrorCode::corrupt, "what a reader saw: {}", subject.error().message);
  return std::optional(policy::Scope::of(std::move(*subject)));
}

}  // namespace shieldwall::library
