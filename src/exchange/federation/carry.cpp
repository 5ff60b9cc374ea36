#include "exchange/federation/carry.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "exchange/federation/listed_keys.h"
#include "exchange/federation/relaying.h"
#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::uint8_t form_version = 1;
constexpr std::string_view domain = "shieldwall/carried/v1";
constexpr std::size_t carried_rosters_bytes_max = 40u << 20;
constexpr std::size_t signature_bytes = sizeof(Signature::bytes);

std::string carried_key(const OrganisationId& member) {
  return "carried/" + member.text();
}

bool shares(const ledger::SignedRoster& roster, const OrganisationId& member) {
  return policy::find_member(roster.roster, member) != nullptr;
}

/// The rosters of a first file: what both operators compare, when they name this node and who brought it.
Result<std::string> phrase_of(const Known& known, const Carried& carried) {
  for (const auto& one : carried.rosters) {
    const auto* const own = policy::find_member(one.roster, known.home);
    const auto* const other = policy::find_member(one.roster, carried.from);
    if (own != nullptr && other != nullptr) return comparison_phrase(one.roster.alliance, *own, *other);
  }
  return fail(ErrorCode::denied, "the file's rosters do not name this node and who sent it");
}

/// The statement keys of who sent it: as known here, else as the file's own newest roster says.
std::vector<policy::MemberKey> keys_of_sender(const Known& known, const Carried& carried, bool first) {
  if (!first) return known.keys(carried.from, policy::KeyUse::statement);
  std::vector<policy::MemberKey> keys;
  for (const auto& one : carried.rosters)
    if (const auto* const member = policy::find_member(one.roster, carried.from))
      for (auto& key : ledger::keys_for(*member, policy::KeyUse::statement)) keys.push_back(std::move(key));
  return keys;
}

/// From where that member can begin to believe: the versions with it, and before them as many as it takes.
Result<std::vector<ledger::SignedRoster>> chain_with(store::Records& records,
                                                     const AllianceId& alliance,
                                                     const OrganisationId& member) {
  const auto all = TRY(ledger::signed_rosters(records, alliance, 0));
  for (const auto& one : all)
    if (policy::find_member(one.roster, member) != nullptr)
      return ledger::chain_of(records, alliance, one.roster.version);
  return std::vector<ledger::SignedRoster>();
}

Done keep_carried_rosters(Federation& federation, const Carried& carried, bool first) {
  for (const auto& roster : carried.rosters) {
    const auto known = federation.known();
    const auto found = std::ranges::find_if(known->newest, [&](const ledger::SignedRoster& one) {
      return one.roster.alliance == roster.roster.alliance;
    });
    if (found == known->newest.end()) {
      if (first) TRY(federation.keep(roster));
    } else if (roster.roster.version > found->roster.version) {
      TRY(federation.keep(roster));
    }
  }
  return {};
}

}  // namespace

Bytes encode(const Carried& carried) {
  ByteWriter out;
  out.raw(domain);
  out.number(form_version);
  out.uuid(carried.from.uuid);
  out.uuid(carried.to.uuid);
  out.counted(encode_rosters(carried.rosters));
  out.counted(encode(carried.page));
  return std::move(out).take();
}

Result<Carried> decode_carried(std::string_view bytes) {
  if (bytes.size() > carried_bytes_max)
    return fail(ErrorCode::exhausted, "a carried file of more than {} bytes", carried_bytes_max);
  ByteReader in(bytes, "carried file");
  if (TRY(in.raw(domain.size())) != domain) return in.refuse("not a carried file");
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  Carried carried;
  carried.from.uuid = TRY(in.uuid());
  carried.to.uuid = TRY(in.uuid());
  const auto rosters = TRY(in.counted(carried_rosters_bytes_max));
  carried.rosters = TRY(decode_rosters(rosters));
  const auto page = TRY(in.counted(page_bytes_max));
  carried.page = TRY(decode_page(page));
  TRY(in.finish());
  return carried;
}

Result<std::uint64_t> carried_up_to(store::Records& records, const OrganisationId& member) {
  std::uint64_t last = 0;
  const auto row = records.read(ledger::peer_table, carried_key(member));
  if (!row && row.error().code == ErrorCode::not_found) return last;
  if (!row) return fail(row.error());
  std::from_chars(row->value.data(), row->value.data() + row->value.size(), last);
  return last;
}

Result<CarriedFile> carry_out(Federation& federation,
                              const OrganisationId& member,
                              std::optional<std::uint64_t> after,
                              std::size_t bytes_about) {
  while (TRY(federation.release())) {
  }
  const auto known = federation.known();
  const auto keys = TRY(federation.keys());
  const auto sealing = known->keys(member, policy::KeyUse::sealing);
  if (sealing.empty() || member == known->home)
    return fail(ErrorCode::not_found, "{} is no other member of an alliance of this node", member.text());
  auto& records = federation.services().store.records();
  if (!after) after = TRY(carried_up_to(records, member));
  Carried carried{.from = known->home, .to = member};
  for (const auto& one : known->newest) {
    if (!shares(one, member)) continue;
    auto versions = TRY(chain_with(records, one.roster.alliance, member));
    std::ranges::move(versions, std::back_inserter(carried.rosters));
  }
  if (!known->is_suspended(member))
    carried.page = TRY(page_after(records, member, *after, std::max(bytes_about, carried_bytes_least)));
  withhold_expired(carried.page, federation.services().clock.now());
  auto content = encode(carried);
  content += keys->statement.sign(content).view();
  CarriedFile file{.more = carried.page.more};
  const auto box = TRY(ledger::seal_to(sealing.front().key, content));
  file.bytes = Bytes(policy::key_id(sealing.front()).view()) + box;
  if (carried.page.deliveries.empty()) return file;
  file.first = carried.page.deliveries.front().number;
  file.last = carried.page.deliveries.back().number;
  const store::Write write{.table = ledger::peer_table,
                           .key = carried_key(member),
                           .value = std::to_string(file.last),
                           .expected = std::nullopt};
  TRY(records.write({&write, 1}));
  return file;
}

Result<CarriedIn> carry_in(Federation& federation, std::string_view file, std::string_view phrase) {
  if (file.size() > carried_bytes_max)
    return fail(ErrorCode::exhausted, "a carried file of more than {} bytes", carried_bytes_max);
  const auto keys = TRY(federation.keys());
  if (file.size() < sizeof(Digest::bytes)) return fail(ErrorCode::invalid, "the file is cut off");
  const auto content = keys->open(file.substr(sizeof(Digest::bytes)));
  if (!content) return fail(ErrorCode::denied, "the file is sealed to another member, cut off or altered");
  if (content->size() < signature_bytes) return fail(ErrorCode::invalid, "the file is cut off");
  const auto text = std::string_view(*content).substr(0, content->size() - signature_bytes);
  const auto signature = TRY(Signature::from(std::string_view(*content).substr(text.size())));
  const auto carried = TRY(decode_carried(text));
  const auto known = federation.known();
  const bool first = known->member(carried.from) == nullptr;
  if (carried.to != known->home || known->is_suspended(carried.from) ||
      !is_by_one_of(keys_of_sender(*known, carried, first),
                    [&](const VerifyKey& key) { return verifies(key, text, signature); }))
    return fail(ErrorCode::denied, "the file is not signed by a member for this node");
  CarriedIn in{.from = carried.from};
  if (first) {
    in.phrase = TRY(phrase_of(*known, carried));
    if (phrase != in.phrase)
      return fail(
          ErrorCode::denied,
          "the first file of a member needs the words that its operator tells you (--phrase); the ones "
          "given are not those of this file");
  }
  TRY(keep_carried_rosters(federation, carried, first));
  in.taken = TRY(federation.take(carried.from, carried.page));
  return in;
}

Result<Bytes> enrolment_request(Federation& federation) {
  const auto keys = TRY(federation.keys());
  const auto entry = TRY(own_entry(federation));
  return encode(make_join_request(federation.services().random.bytes(invite_code_bytes), entry, keys->root));
}

Result<Enrolled> enrol(Federation& federation, const ledger::SignedRoster& alliance, std::string_view bytes) {
  const auto request = TRY(decode_join_request(bytes));
  Enrolled enrolled;
  enrolled.member = request.member().organisation;
  auto admission = TRY(admit(federation, alliance, request.member()));
  enrolled.roster = std::move(admission.roster);
  enrolled.effective = admission.effective;
  enrolled.phrase = TRY(phrase_with(federation, enrolled.roster, enrolled.member));
  return enrolled;
}

}  // namespace shieldwall::exchange::federation
