#include "exchange/federation/evidence.h"

#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::uint8_t form_version = 1;

}  // namespace

Bytes encode(const EvidenceCount& count) {
  policy::ByteWriter out;
  out.number(form_version);
  out.uuid(count.member.uuid);
  out.number(count.kept);
  out.number(count.beyond);
  out.number(count.last.us);
  return std::move(out).take();
}

Result<EvidenceCount> decode_evidence_count(std::string_view row) {
  policy::ByteReader in(row, "count of refusals");
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  EvidenceCount count;
  count.member.uuid = TRY(in.uuid());
  count.kept = TRY(in.number<std::uint64_t>());
  count.beyond = TRY(in.number<std::uint64_t>());
  count.last.us = TRY(in.number<std::int64_t>());
  TRY(in.finish());
  return count;
}

std::string evidence_key(const OrganisationId& member) {
  return std::string(evidence_counts) + member.text();
}

Result<EvidenceQuota::Answer> EvidenceQuota::count(Timestamp now) {
  if (!count_) {
    const auto row = records_.read(ledger::statement_table, evidence_key(member_));
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    EvidenceCount before{.member = member_};
    if (row) before = TRY(decode_evidence_count(row->value));
    count_ = before;
  }
  count_->last = now;
  if (count_->kept < evidence_of_member_max) {
    ++count_->kept;
    return Answer::keep;
  }
  return ++count_->beyond == 1 ? Answer::first_over : Answer::over;
}

std::optional<store::Write> EvidenceQuota::take() {
  if (!count_) return std::nullopt;
  return store::Write{.table = ledger::statement_table,
                      .key = evidence_key(member_),
                      .value = encode(*count_),
                      .expected = std::nullopt};
}

}  // namespace shieldwall::exchange::federation
