#include "server/log_check.h"

#include "ledger/log/tiles.h"
#include "server/log_of_node.h"

namespace shieldwall::server {

namespace {

using exchange::federation::Federation;

constexpr Duration ask_time = seconds(15);

/// A member's log, as it hands it out to members.
class MemberTiles final : public ledger::TileSource {
 public:
  MemberTiles(Federation& federation, const policy::RosterMember& member)
      : federation_(federation), member_(member) {}

  Result<Bytes> tile(const ledger::TileName& name) const override { return get(name.path()); }
  Result<Bytes> get(const std::string& path) const {
    const auto address = ledger::node_address(member_);
    if (!address)
      return fail(ErrorCode::unavailable, "{} cannot be called: nobody can ask for its log", member_.name);
    const auto answer =
        TRY(federation_.send(*address, member_.pins, {.target = "/federation/log/" + path}, ask_time));
    if (answer.status != 200)
      return fail(answer.status == 404 ? ErrorCode::not_found : ErrorCode::unavailable,
                  "{} answers {} to a question for its log",
                  member_.name,
                  answer.status);
    return Bytes(answer.bytes());
  }

 private:
  Federation& federation_;
  const policy::RosterMember& member_;
};

/// The checkpoint, signed by one of the keys by which the roster knows the member.
Result<ledger::Checkpoint> opened(const ledger::Note& note, const policy::RosterMember& member) {
  const auto origin = log_origin(member.organisation);
  for (const auto& key : ledger::keys_for(member, policy::KeyUse::statement)) {
    const auto verify_key = TRY(VerifyKey::from(key.key));
    const auto named = TRY(ledger::NoteKey::make(origin, ledger::NoteKeyType::ed25519, verify_key));
    if (auto checkpoint = ledger::open_checkpoint(note, named)) return checkpoint;
  }
  return fail(ErrorCode::invalid, "the checkpoint of {} is signed by no key of its", member.name);
}

}  // namespace

Result<std::string> check_log_of(Federation& federation, ledger::Witness& witness, const OrganisationId& id) {
  const auto known = federation.known();
  const auto* const member = known->member(id);
  if (member == nullptr) return fail(ErrorCode::not_found, "{} is no member", id.text());
  const auto seen = TRY(witness.last(log_origin(id)));
  if (!seen) return std::string("nothing of its log was seen before, so nothing can be compared");
  const auto before = TRY(ledger::Checkpoint::parse(seen->text));
  const MemberTiles tiles(federation, *member);
  const auto bytes = TRY(tiles.get("checkpoint"));
  const auto note = TRY(ledger::read_note(bytes));
  const auto now = TRY(opened(note, *member));
  if (now.size < before.size)
    return fail(ErrorCode::corrupt,
                "its log has {} entries, and had {} when it was seen last: some were taken away",
                now.size,
                before.size);
  const auto proof =
      TRY(ledger::prove_consistency(ledger::TiledHashes(tiles, now.size), before.size, now.size));
  if (const auto done = ledger::check_consistency(before.size, before.root, now.size, now.root, proof); !done)
    return fail(ErrorCode::corrupt,
                "its log does not continue the {} entries seen before: it was rewritten",
                before.size);
  return fmt::format("its log continues the {} entries seen before, and has {} now", before.size, now.size);
}

}  // namespace shieldwall::server
