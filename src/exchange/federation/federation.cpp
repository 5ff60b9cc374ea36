#include "exchange/federation/federation.h"

#include <algorithm>

#include "api/shelf.h"
#include "base/log.h"
#include "exchange/federation/again.h"
#include "exchange/federation/anonymous.h"
#include "exchange/federation/reconcile.h"
#include "exchange/federation/tls_rollover.h"
#include "ledger/amending.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr Duration embargo_pause = milliseconds(500);  // between two looks for embargoes that are over
constexpr int invitations_max = 1'000;
constexpr std::uint64_t rounds_between_tending = 256;  // of releases, before rows of the sets are looked at

/// At the start: a crash may have come between a roster or an amendment and what follows from it here.
Done finish_rosters(api::Services& services, const OrganisationId& home) {
  TRY(ledger::finish_amending(services.store.records()));
  const auto newest = TRY(ledger::newest_rosters(services.store.records()));
  for (const auto& roster : newest)
    TRY(ledger::keep_signed_roster(services.store, home, roster, services.clock.now()));
  return {};
}

/// What waits for a start; a full disk keeps no node from serving.
Done begin(Federation& federation) {
  if (const auto done = finish_rosters(federation.services(), federation.options().home); !done)
    log::warn("rosters could not be looked through", {{"why", done.error().message}});
  TRY(load_tls(federation));
  if (const auto done = load_wishes(federation); !done)
    log::warn("sets of statements could not be made", {{"why", done.error().message}});
  return {};
}

/// What is due beside releases: what members asked for once more, and what leaves without a name.
Done answer_and_send(Federation& federation, const Known& known, const ledger::NodeKeys& keys) {
  auto& services = federation.services();
  const auto asked = TRY(tell_what_was_asked(services, known, keys));
  TRY(federation.count(asked));
  const auto speaks = [&](const OrganisationId& who) { return federation.version_with(who); };
  const auto sent = TRY(send_anonymous(services, known, speaks));
  return federation.count(sent);
}

}  // namespace

Result<Federation*> federation_of(api::Services& services) {
  auto* const found = services.shelf == nullptr ? nullptr : services.shelf->of<FederationHandle>().at.load();
  if (found == nullptr) return fail(ErrorCode::conflict, "this node takes no part in alliances");
  return found;
}

Federation::Federation(api::Services& services, FederationOptions options)
    : services_(services),
      options_(std::move(options)),
      reconciling_(std::make_shared<Reconciling>()),
      tls_(TlsStand{.present = {options_.identity, options_.pin}, .next = options_.next_tls}) {}

Digest Federation::pin() const {
  return tls_.with([](const TlsStand& stand) { return stand.present.pin; });
}

std::vector<Digest> Federation::pins() const {
  auto all = tls_.with([](const TlsStand& stand) {
    std::vector<Digest> pins{stand.present.pin};
    if (stand.next) pins.push_back(stand.next->pin);
    if (stand.before) pins.push_back(*stand.before);
    return pins;
  });
  std::ranges::sort(all);
  return all;
}

void Federation::on_identity(std::function<void(const net::TlsIdentity&)> show) {
  show_.with([&](auto& kept) { kept = std::move(show); });
}

void Federation::tell_identity() const {
  const auto identity = tls_.with([](const TlsStand& stand) { return stand.present.identity; });
  const auto show = show_.with([](const auto& kept) { return kept; });
  if (identity && show) show(*identity);
}

Result<ledger::KeyRing::Keys> Federation::keys() const {
  if (services_.shelf == nullptr) return fail(ErrorCode::unavailable, "this node has no keys");
  return services_.shelf->of<ledger::KeyRing>().keys();
}

Done Federation::refresh() {
  if (known_.load()->home.is_nil()) TRY(begin(*this));
  auto known = TRY(Known::read(services_.store.records(), options_.home));
  const auto others = known.others();
  known_.store(std::make_shared<const Known>(std::move(known)));
  const auto invitations =
      TRY(services_.store.records().scan(ledger::peer_table, "invite/", "", invitations_max));
  for (const auto& row : invitations) expect_joiner(row.expires);
  return count({others.begin(), others.end()});
}

bool Federation::admits(const Digest& pin) const {
  const auto known = known_.load();
  const auto found = known->pins.find(pin);
  if (found != known->pins.end()) return !known->is_suspended(found->second);
  return services_.clock.now().us < joiner_until_us_.load();
}

void Federation::expect_joiner(Timestamp until) {
  joiner_until_us_ = std::max(joiner_until_us_.load(), until.us);
}

void Federation::on_news(std::function<void()> wake) {
  wake_.with([&](auto& kept) { kept = std::move(wake); });
}

bool Federation::serves() const {
  return wake_.with([](const auto& kept) { return static_cast<bool>(kept); });
}

Result<bool> Federation::release() {
  const auto known = known_.load();
  if (known->newest.empty() || !may_release(*this)) return false;
  const auto newest = services_.store.objects().newest();
  const auto steady = services_.clock.steady().us;
  if (newest == seen_ && steady < looked_us_.load() + embargo_pause.us) return false;
  looked_us_ = steady;
  const auto held = TRY(keys());
  if (const auto answered = answer_and_send(*this, *known, *held); !answered) {
    if (answered.error().code == ErrorCode::conflict) return true;
    return fail(answered.error());
  }
  auto round = release_changes(services_, *known, *held);
  if (!round && round.error().code == ErrorCode::conflict) return true;  // beside what is carried for others
  if (!round) return fail(std::move(round).error());
  if (!round->more) seen_ = newest;
  TRY(count(round->peers));
  if (++rounds_ % rounds_between_tending == 0) tend_sets(*this);
  return round->more;
}

std::vector<OrganisationId> Federation::to_call() const {
  const auto known = known_.load();
  std::vector<OrganisationId> nodes;
  if (!options_.calls) return nodes;
  for (const auto& other : known->others()) {
    const auto* const member = known->member(other);
    if (!member->host && !known->is_suspended(other) && ledger::node_address(*member)) nodes.push_back(other);
  }
  return nodes;
}

}  // namespace shieldwall::exchange::federation
