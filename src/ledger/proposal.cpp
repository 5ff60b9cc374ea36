#include "ledger/proposal.h"

#include <algorithm>

#include "ledger/rows.h"
#include "ledger/subject.h"
#include "policy/byte_form.h"
#include "policy/roster_limits.h"

namespace shieldwall::ledger {

namespace {

using policy::ByteReader;
using policy::ByteWriter;
using policy::KeyUse;
using policy::Roster;

constexpr std::uint8_t form_version = 1;
constexpr std::string_view domain = "shieldwall/proposal/v1";
constexpr std::string_view prefix = "proposal/";
constexpr std::size_t name_hex = 16;  // 64 bits: nobody makes two that people would confuse
constexpr std::size_t signed_roster_bytes_max = policy::roster_bytes_max + (1u << 20);

std::string key_of(const Roster& roster) {
  return fmt::format("{}{}/{}", prefix, roster.alliance.text(), policy::digest_of(roster).hex());
}

bool verifies_by_root(const Roster& listed_in,
                      const OrganisationId& who,
                      std::string_view text,
                      const Signature& signature) {
  const auto* const member = policy::find_member(listed_in, who);
  if (member == nullptr) return false;
  return std::ranges::any_of(keys_for(*member, KeyUse::root), [&](const policy::MemberKey& key) {
    const auto root = VerifyKey::from(key.key);
    return root && verifies(*root, text, signature);
  });
}

bool is_founder(const Roster& roster, const OrganisationId& who) {
  return std::ranges::binary_search(roster.founders, who);
}

/// What somebody who is no founder may ask the founders for: a change of its own entry and nothing else.
bool is_about_itself(const Roster& before, const Roster& after, const OrganisationId& who) {
  const auto differs = policy::difference(before, after);
  const std::vector<OrganisationId> only = {who};
  if (differs.rules || !differs.added.empty()) return false;
  return (differs.changed == only && differs.removed.empty()) ||
         (differs.removed == only && differs.changed.empty());
}

}  // namespace

std::string name_of(const Proposal& proposal) {
  return policy::digest_of(proposal.next()).hex().substr(0, name_hex);
}

Bytes signed_text(const Proposal& proposal) {
  ByteWriter out;
  out.raw(domain);
  out.digest(policy::digest_of(proposal.next()));
  out.uuid(proposal.by.uuid);
  out.number(proposal.at.us);
  out.counted(proposal.reason);
  return std::move(out).take();
}

Bytes encode(const Proposal& proposal) {
  ByteWriter out;
  out.number(form_version);
  out.counted(encode(proposal.roster));
  out.uuid(proposal.by.uuid);
  out.number(proposal.at.us);
  out.counted(proposal.reason);
  out.raw(proposal.signature.view());
  return std::move(out).take();
}

Result<Proposal> decode_proposal(std::string_view bytes) {
  ByteReader in(bytes, "proposal");
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  Proposal proposal;
  const auto roster = TRY(in.counted(signed_roster_bytes_max));
  proposal.roster = TRY(decode_signed_roster(roster));
  proposal.by.uuid = TRY(in.uuid());
  proposal.at.us = TRY(in.number<std::int64_t>());
  proposal.reason = TRY(in.line(0, proposal_reason_max));
  const auto signature = TRY(in.raw(sizeof(Signature::bytes)));
  proposal.signature = TRY(Signature::from(signature));
  TRY(in.finish());
  return proposal;
}

Bytes encode_proposals(const std::vector<Proposal>& list) {
  ByteWriter out;
  out.list(list, [](ByteWriter& to, const Proposal& one) { to.counted(encode(one)); });
  return std::move(out).take();
}

Result<std::vector<Proposal>> decode_proposals(std::string_view bytes) {
  ByteReader in(bytes, "proposals");
  const auto count = TRY(in.count(proposals_of_alliance_max * 16, 4));
  std::vector<Proposal> read;
  for (std::size_t i = 0; i < count; ++i) {
    const auto one = TRY(in.counted(signed_roster_bytes_max + 1'024));
    auto proposal = TRY(decode_proposal(one));
    read.push_back(std::move(proposal));
  }
  TRY(in.finish());
  return read;
}

bool is_signed_by(const SignedRoster& roster, const OrganisationId& who, const Roster& listed_in) {
  const auto digest = policy::digest_of(roster.roster);
  return std::ranges::any_of(roster.signatures, [&](const RosterSignature& one) {
    return one.by == who && verifies_by_root(listed_in, who, digest.view(), one.signature);
  });
}

std::vector<OrganisationId> founders_that_signed(const SignedRoster& roster, const Roster& listed_in) {
  const auto digest = policy::digest_of(roster.roster);
  std::vector<OrganisationId> signed_it;  // a signature each, since they stand once for each organisation
  for (const auto& one : roster.signatures)
    if (is_founder(listed_in, one.by) && verifies_by_root(listed_in, one.by, digest.view(), one.signature))
      signed_it.push_back(one.by);
  std::ranges::sort(signed_it);
  const auto twice = std::ranges::unique(signed_it);
  signed_it.erase(twice.begin(), twice.end());
  return signed_it;
}

Done judge(Proposal& proposal, const Roster& newest) {
  const auto& next = proposal.next();
  TRY(policy::check(next));
  if (next.alliance != newest.alliance)
    return fail(ErrorCode::invalid, "the proposal is of another alliance");
  if (next.version != newest.version + 1 || next.predecessor != policy::digest_of(newest))
    return fail(ErrorCode::conflict,
                "the proposal was made for version {}, and version {} counts now: propose the change anew",
                next.version - 1,
                newest.version);
  if (!is_founder(newest, proposal.by) && !is_about_itself(newest, next, proposal.by))
    return fail(ErrorCode::denied, "only founders propose what concerns others");
  if (!verifies_by_root(newest, proposal.by, signed_text(proposal), proposal.signature))
    return fail(ErrorCode::denied, "the proposal is not signed by {}, whom it names", proposal.by.text());
  const auto digest = policy::digest_of(next);
  std::erase_if(proposal.roster.signatures, [&](const RosterSignature& one) {
    return (one.by != proposal.by && !is_founder(newest, one.by)) ||
           !verifies_by_root(newest, one.by, digest.view(), one.signature);
  });
  return {};
}

namespace {

Result<Proposal> merged(store::Records& records, Proposal proposal, Timestamp now) {
  const auto newest = TRY(alliance_named(records, proposal.next().alliance.text()));
  TRY(judge(proposal, newest.roster));
  const auto key = key_of(proposal.next());
  const auto row = read_row(records, peer_table, key, decode_proposal, "proposal");
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (row) {
    auto kept = row->value;
    for (const auto& one : proposal.roster.signatures)
      if (std::ranges::find(kept.roster.signatures, one.by, &RosterSignature::by) ==
          kept.roster.signatures.end())
        kept.roster.signatures.push_back(one);
    std::ranges::sort(kept.roster.signatures);
    if (kept == row->value) return kept;
    proposal = std::move(kept);
  } else if (TRY(proposals(records, proposal.next().alliance)).size() >= proposals_of_alliance_max) {
    return fail(ErrorCode::exhausted, "{} proposals wait already", proposals_of_alliance_max);
  }
  const store::Write write{.table = peer_table,
                           .key = key,
                           .value = encode(proposal),
                           .expected = row ? row->revision : 0,
                           .expires = now + proposal_life};
  TRY(records.write({&write, 1}));
  return proposal;
}

}  // namespace

Result<Proposal> keep_proposal(store::Records& records, Proposal proposal, Timestamp now) {
  constexpr int tries = 3;  // two founders' signatures may come at one moment
  for (int i = 1;; ++i) {
    auto kept = merged(records, proposal, now);
    if (kept || kept.error().code != ErrorCode::conflict || i == tries) return kept;
  }
}

Result<std::vector<Proposal>> proposals(store::Records& records, const std::optional<AllianceId>& alliance) {
  const auto of = std::string(prefix) + (alliance ? alliance->text() + "/" : "");
  std::vector<Proposal> found;
  for (auto& row : TRY(scan_rows(records, peer_table, of, decode_proposal, rosters_max)))
    found.push_back(std::move(row.value));
  return found;
}

Result<Proposal> proposal_named(store::Records& records, std::string_view name) {
  std::vector<Proposal> found;
  for (auto& one : TRY(proposals(records, std::nullopt)))
    if (!name.empty() && name_of(one).starts_with(name)) found.push_back(std::move(one));
  if (found.empty()) return fail(ErrorCode::not_found, "no proposal '{}' waits here", excerpt(name));
  if (found.size() > 1)
    return fail(ErrorCode::conflict, "{} proposals begin with '{}'", found.size(), excerpt(name));
  return std::move(found.front());
}

Done forget_proposal(store::Records& records, const Proposal& proposal) {
  const store::Write write{
      .table = peer_table, .key = key_of(proposal.next()), .value = std::nullopt, .expected = std::nullopt};
  return records.write({&write, 1});
}

bool goes_before(const Roster& one, const Roster& other) {
  return policy::digest_of(one) < policy::digest_of(other);
}

}  // namespace shieldwall::ledger
