#include "ledger/reader_rights.h"

#include "policy/byte_form.h"
#include "policy/subject_form.h"

namespace shieldwall::ledger {

namespace {

constexpr std::size_t subject_bytes_max = 4u << 20;  // far above one organisation in every circle
constexpr int tries_max = 8;                         // of calls of one account at once

/// The row: the rights that ended, and those that last called.
struct Kept {
  struct Ended {
    Timestamp until;
    Bytes subject;
  };
  std::vector<Ended> ended;
  Bytes present;
};

Bytes encode(const Kept& kept) {
  policy::ByteWriter out;
  out.list(kept.ended, [](policy::ByteWriter& to, const Kept::Ended& ended) {
    to.number(ended.until.us);
    to.counted(ended.subject);
  });
  out.counted(kept.present);
  return std::move(out).take();
}

Result<Kept> decode(std::string_view bytes) {
  policy::ByteReader in(bytes, "a reader's rights");
  Kept kept;
  const auto count = TRY(in.number<std::uint32_t>());
  if (count > past_rights_max) return in.refuse("too many");
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto until = TRY(in.number<std::int64_t>());
    const auto subject = TRY(in.counted(subject_bytes_max));
    kept.ended.push_back({.until = {until}, .subject = Bytes(subject)});
  }
  const auto present = TRY(in.counted(subject_bytes_max));
  kept.present = present;
  TRY(in.finish());
  return kept;
}

std::string key_of(const api::Caller& caller) {
  return fmt::format("rights/{}/{}", caller.account.text(), caller.organisation.text());
}

Result<store::PastRights> past_of(const Kept& kept) {
  store::PastRights past;
  for (const auto& ended : kept.ended) {
    auto subject = TRY(policy::decode_subject(ended.subject));
    past.push_back({.until = ended.until, .scope = policy::Scope::of(std::move(subject))});
  }
  return past;
}

/// The row as it is to be: nothing when it is so already.
Result<std::optional<Kept>> renewed(const api::Call& call, const std::optional<store::Record>& row) {
  auto present = policy::encode(call.scope().subject());
  if (!row) return std::optional(Kept{.ended = {}, .present = std::move(present)});
  auto kept = TRY(decode(row->value));
  if (kept.present == present) {
    const bool fresh = row->expires > call.now + Duration{rights_kept.us / 2};  // not a write for each read
    return fresh ? std::nullopt : std::optional(std::move(kept));
  }
  const auto until = TRY(store::claim_instant(call.services.store.objects()));
  kept.ended.push_back({.until = until, .subject = std::exchange(kept.present, std::move(present))});
  if (kept.ended.size() > past_rights_max) kept.ended.erase(kept.ended.begin());
  return std::optional(std::move(kept));
}

Result<std::optional<store::Record>> row_of(const api::Call& call) {
  auto row = api::records_of(call).read(store::Table::cursor, key_of(*call.caller));
  if (!row && row.error().code == ErrorCode::not_found) return std::optional<store::Record>();
  if (!row) return fail(std::move(row).error());
  return std::optional(std::move(*row));
}

}  // namespace

Result<ReaderRights> reader_rights(const api::Call& call) {
  if (call.scope().is_everything()) return ReaderRights{};
  for (int tries = 0; tries < tries_max; ++tries) {
    const auto row = TRY(row_of(call));
    const auto next = TRY(renewed(call, row));
    if (!next) {
      const auto kept = TRY(decode(row->value));
      auto past = TRY(past_of(kept));
      return ReaderRights{.past = std::move(past), .revision = row->revision};
    }
    const store::Write write{.table = store::Table::cursor,
                             .key = key_of(*call.caller),
                             .value = encode(*next),
                             .expected = row ? row->revision : 0,
                             .expires = call.now + rights_kept};
    const auto written = api::records_of(call).write({&write, 1});
    if (!written && written.error().code != ErrorCode::conflict) return fail(written.error());
  }
  return fail(ErrorCode::unavailable, "your rights change while you ask; ask again");
}

Done still_those(const api::Call& call, const ReaderRights& rights) {
  if (call.scope().is_everything()) return {};
  const auto row = TRY(row_of(call));
  if (row && row->revision == rights.revision) return {};
  return fail(ErrorCode::unavailable, "your rights changed while you asked; ask again");
}

}  // namespace shieldwall::ledger
