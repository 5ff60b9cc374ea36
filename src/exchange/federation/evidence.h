#pragma once
// How much evidence is kept of one member: what it had refused first is kept whole, what came then is
// counted. So a member that floods fills neither the disk nor the audit log.
//
// Rows of statement_table: refusals/MEMBER. The evidence itself: refused/MEMBER/DIGEST.

#include <string_view>

#include "exchange/federation/known.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

inline constexpr std::uint64_t evidence_of_member_max = 200;  // enough to show to others what it does

/// What was refused of one bringer, or told by one member.
struct EvidenceCount {
  OrganisationId member{};
  std::uint64_t kept = 0;
  std::uint64_t beyond = 0;  // refused, and only counted
  Timestamp last{};
};
Bytes encode(const EvidenceCount& count);
Result<EvidenceCount> decode_evidence_count(std::string_view row);

inline constexpr std::string_view evidence_counts = "refusals/";
std::string evidence_key(const OrganisationId& member);

/// The count of one member while something of it is taken.
class EvidenceQuota {
 public:
  EvidenceQuota(store::Records& records, const OrganisationId& member) : records_(records), member_(member) {}

  enum class Answer : std::uint8_t {
    keep,        // there is room
    first_over,  // only counted, as the first one
    over,        // only counted
  };
  /// Counts one more.
  Result<Answer> count(Timestamp now);
  /// The write to be written with what it counts; nothing when nothing was counted.
  std::optional<store::Write> take();

 private:
  store::Records& records_;
  OrganisationId member_;
  std::optional<EvidenceCount> count_{};
};

}  // namespace shieldwall::exchange::federation
