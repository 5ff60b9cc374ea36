#include "server/witnessing.h"

#include <condition_variable>
#include <mutex>

#include "api/shelf.h"
#include "base/hash.h"
#include "base/log.h"
#include "ledger/alliance.h"
#include "ledger/delivery.h"
#include "ledger/member_times.h"
#include "server/log_of_node.h"

namespace shieldwall::server {

namespace {

using exchange::federation::Federation;
using exchange::federation::FederationHandle;

constexpr Duration round_pause =
    seconds(30);                           // a contradiction shows within ten minutes: trust in many rounds
constexpr Duration ask_time = seconds(5);  // a node that stops waits for one at most

/// Keys of a member, as a note names them.
std::vector<ledger::NoteKey> named_keys(const exchange::federation::Known& known,
                                        const OrganisationId& member,
                                        policy::KeyUse use,
                                        const std::string& name,
                                        ledger::NoteKeyType type) {
  std::vector<ledger::NoteKey> keys;
  for (const auto& one : known.keys(member, use)) {
    const auto key = VerifyKey::from(one.key);
    if (!key) continue;
    if (auto named = ledger::NoteKey::make(name, type, *key)) keys.push_back(std::move(*named));
  }
  return keys;
}

/// Whose log an origin names; nothing: no node's of ours.
std::optional<OrganisationId> owner_of(const std::string& origin) {
  const auto slash = origin.rfind('/');
  if (slash == std::string::npos) return {};
  const auto id = OrganisationId::parse(std::string_view(origin).substr(slash + 1));
  if (!id || log_origin(*id) != origin) return {};
  return *id;
}

Result<std::pair<int, std::string>> send_to(Federation& federation,
                                            const policy::RosterMember& member,
                                            const std::string& body) {
  const auto address = ledger::node_address(member);
  if (!address) return fail(ErrorCode::unavailable, "no address of {} is known", member.organisation.text());
  net::Request request{.method = net::Method::post, .target = "/federation/witness/add-checkpoint"};
  request.headers.set("Content-Type", "text/plain; charset=utf-8");
  request.body = body;
  const auto answer = TRY(federation.send(*address, member.pins, std::move(request), ask_time));
  return std::pair{answer.status, std::string(answer.bytes())};
}

/// The checkpoint of that origin that the member cosigned last.
Result<std::string> cosigned_last(Federation& federation,
                                  const policy::RosterMember& member,
                                  const std::string& origin) {
  const auto address = ledger::node_address(member);
  if (!address) return fail(ErrorCode::unavailable, "no address of {} is known", member.organisation.text());
  net::Request request{.method = net::Method::get,
                       .target = fmt::format("/federation/witness/{}/checkpoint", sha256(origin).hex())};
  const auto answer = TRY(federation.send(*address, member.pins, std::move(request), ask_time));
  if (answer.status != 200)
    return fail(ErrorCode::invalid, "{} answered {} where it said it had cosigned", *address, answer.status);
  return std::string(answer.bytes());
}

/// What time it was for the witness when it cosigned, for embargoes.
void note_time(Federation& federation,
               const OrganisationId& member,
               const ledger::NodeLog& log,
               const ledger::NoteKey& key) {
  const auto note = log.checkpoint();
  const auto at = note ? ledger::cosigned_by(*note, key) : Result<std::optional<Timestamp>>(std::nullopt);
  auto& services = federation.services();
  if (at && *at) services.shelf->of<ledger::MemberTimes>().note(member, **at, services.clock.steady());
}

Result<ledger::Cosigned> ask_member(Federation& federation,
                                    const exchange::federation::Known& known,
                                    const policy::RosterMember& member,
                                    ledger::NodeLog& log) {
  auto result = Result<ledger::Cosigned>(ledger::Cosigned::nothing_to_sign);
  const auto keys = named_keys(known,
                               member.organisation,
                               policy::KeyUse::witness,
                               witness_name(member.organisation),
                               ledger::NoteKeyType::cosignature);
  for (const auto& key : keys) {
    ledger::WitnessPeer peer{
        .key = key,
        .others = keys,
        .send = [&](const std::string& body) { return send_to(federation, member, body); },
        .cosigned_last = [&] { return cosigned_last(federation, member, log.origin()); },
        .log_keys = named_keys(known,
                               federation.options().home,
                               policy::KeyUse::statement,
                               log.origin(),
                               ledger::NoteKeyType::ed25519)};
    result = ledger::ask_witness(log, peer);
    if (result && *result == ledger::Cosigned::done)
      note_time(federation, member.organisation, log, peer.key);
    if (result) return result;
  }
  return result;
}

}  // namespace

std::string witness_name(const OrganisationId& organisation) {
  return "shieldwall/witness/" + organisation.text();
}

Result<ledger::NoteSigners> witness_signers(const OrganisationId& home, const ledger::NodeKeys& keys) {
  return ledger::signers_of(
      witness_name(home), ledger::NoteKeyType::cosignature, keys.witness, keys.replaced.witness);
}

Result<std::unique_ptr<ledger::Witness>> open_witness(const std::string& folder,
                                                      const OrganisationId& home,
                                                      const ledger::NodeKeys& keys,
                                                      api::Services& services) {
  ledger::Witness::Options options{.folder = folder, .signers = TRY(witness_signers(home, keys))};
  options.logs = [&services](const std::string& origin) -> std::vector<ledger::NoteKey> {
    auto* const federation = services.shelf->of<FederationHandle>().at.load();
    const auto owner = owner_of(origin);
    if (federation == nullptr || !owner || federation->known()->is_suspended(*owner)) return {};
    return named_keys(
        *federation->known(), *owner, policy::KeyUse::statement, origin, ledger::NoteKeyType::ed25519);
  };
  return std::make_unique<ledger::Witness>(std::move(options), services.fs);
}

void ask_members(Federation& federation, ledger::NodeLog& log, const std::stop_token& stop) {
  if (!federation.options().calls) return;
  const auto known = federation.known();
  for (const auto& other : known->others()) {
    if (stop.stop_requested()) return;
    const auto* const member = known->member(other);
    if (member == nullptr || known->is_suspended(other) || !ledger::node_address(*member)) continue;
    const auto asked = ask_member(federation, *known, *member, log);
    if (asked && *asked == ledger::Cosigned::behind && !log.is_held()) {
      log::error("the log is held: a witness knows more of it than this node, which was put back",
                 {{"witness", other.text()}, {"size", log.size()}});
      if (const auto held = log.hold(); !held)
        log::error("it cannot be held", {{"why", held.error().message}});
    } else if (!asked && asked.error().code != ErrorCode::unavailable) {
      log::warn("a witness does not cosign", {{"witness", other.text()}, {"why", asked.error().message}});
    }
  }
}

Witnessing::Witnessing(Federation& federation)
    : thread_([&federation](const std::stop_token& stop) {
        auto* const log = federation.services().shelf->of<ledger::LogOnShelf>().log;
        std::mutex mutex;
        std::condition_variable_any waits;
        while (log != nullptr && !stop.stop_requested()) {
          ask_members(federation, *log, stop);
          std::unique_lock lock(mutex);
          waits.wait_for(lock, stop, std::chrono::microseconds(round_pause.us), [] { return false; });
        }
      }) {}

}  // namespace shieldwall::server
