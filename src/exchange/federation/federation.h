#pragma once
// The door between nodes: what an alliance's members say to each other, and the work that keeps them told.
// One for each node, the same in the real process, the command line and the simulator; who has threads calls
// it.

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/route.h"
#include "base/executor.h"
#include "base/guarded.h"
#include "exchange/federation/intake.h"
#include "exchange/federation/known.h"
#include "exchange/federation/releaser.h"

namespace shieldwall::exchange::federation {

inline constexpr Duration poll_wait_max = seconds(30);  // below what proxies cut
inline constexpr Duration exchange_time = seconds(60);  // one request between nodes, its wait included

/// By what a node is recognised on the wire.
struct TlsKey {
  std::optional<net::TlsIdentity> identity{};  // nothing: a node in the simulator
  Digest pin{};
};
/// The same while one replaces another: the roster lists all of them.
struct TlsStand {
  TlsKey present{};
  std::optional<TlsKey> next{};    // not shown yet
  std::optional<Digest> before{};  // pin of the one that was shown before
};

struct FederationOptions {
  OrganisationId home{};
  std::string address{};  // where members reach this node, "host:port"; empty: it only calls others
  bool relay = false;     // carries for others what it cannot read
  bool hub = false;       // and is given nothing itself
  bool calls = true;      // false: an air-gapped node, which takes files alone
  std::optional<net::TlsIdentity> identity{};  // shown to other nodes; nothing: a node in the simulator
  Digest pin{};                                // of that identity
  std::optional<TlsKey> next_tls{};            // one that was made to replace it
  std::function<Result<TlsKey>()> make_tls{};  // makes and keeps such a one
  std::function<Done()> adopt_tls{};           // keeps it in the place of the present one
  std::function<Done(const ledger::NodeKeys&)> save_keys{};
  /// Whether a member's log continues what this node saw of it last; gives what to tell the operator. Empty:
  /// this node sees no logs.
  ///   errors  corrupt: it was rewritten; unavailable: it cannot be asked
  std::function<Result<std::string>(const OrganisationId&)> check_log{};
};

struct Reconciling;

class Federation {
 public:
  /// `services` outlives it. Call refresh before anything else.
  Federation(api::Services& services, FederationOptions options);

  /// Reads anew what the node knows of its alliances; after every change of rosters or suspensions.
  Done refresh();
  KnownNow known() const { return known_.load(); }
  const FederationOptions& options() const { return options_; }
  api::Services& services() { return services_; }
  Result<ledger::KeyRing::Keys> keys() const;
  /// The key by which others know this node now.
  Digest pin() const;
  /// All that its roster entry lists, sorted.
  std::vector<Digest> pins() const;
  Guarded<TlsStand>& tls() { return tls_; }
  /// Called with what the node shows from now on, each time that it changes.
  void on_identity(std::function<void(const net::TlsIdentity&)> show);
  void tell_identity() const;
  /// For the listener: a member's key; anybody's while an invitation is open.
  bool admits(const Digest& pin) const;
  void expect_joiner(Timestamp until);

  /// Turns what changed here into deliveries. True while there is more.
  Result<bool> release();
  /// Now and then: ends an overlap of keys whose time is over, and brings this node's entry in each roster up
  /// to its keys and address. Called by the thread that releases.
  Done tend();
  /// Nodes that this one calls.
  std::vector<OrganisationId> to_call() const;
  /// Whether it has to bring its own deliveries there, since it cannot be called itself.
  bool brings() const { return options_.address.empty(); }
  /// Asks a node for its deliveries and takes them; it may hold the answer for `wait`. True when something
  /// came.
  ///   errors  unavailable; invalid: what it said breaks the protocol
  Result<bool> fetch_from(const OrganisationId& peer, Duration wait);
  /// Brings what waits for that node. True while there is more.
  Result<bool> bring_to(const OrganisationId& peer);
  /// Ends when what waits now, here for that node and there for this one, has been taken.
  Done empty_queues(const OrganisationId& peer);

  /// Keeps a roster and does what follows from it.
  Done keep(const ledger::SignedRoster& roster);
  /// Takes rosters as they came from a peer, oldest first. Of two that the founders forked, the one that
  /// counts stays; what was built on the other is left.
  Result<bool> keep_rosters(std::string_view bytes);
  /// Sends to that address, with this node's certificate, to whoever shows one of those keys.
  Result<net::Response> send(const std::string& address,
                             const std::vector<Digest>& pins,
                             net::Request request,
                             Duration time);
  /// Asks a member's node, and gives its answer. errors: unavailable; not_found: a node of before that
  /// address
  Result<Bytes> tell(const OrganisationId& peer, std::string target, Bytes body);
  /// Brings this node and a member's to the roster that counts, where they do not agree on a version.
  Done heal(const OrganisationId& peer, const AllianceId& alliance, std::uint32_t version);
  /// Proposals or their signatures changed here: founders are told with the next call.
  void note_proposals() { ++proposals_changed_; }
  Result<Page> page_for(const OrganisationId& peer, std::uint64_t after);
  ///   ahead  what was read of the page already
  Result<TakenPage> take(const OrganisationId& peer, const Page& page, ReadAhead ahead = {});
  /// errors: denied: not signed by the peer
  Done note(const OrganisationId& peer, const Ack& ack);
  bool has_news(const OrganisationId& peer, std::uint64_t after) const;
  /// After rows were written: what waits for each of those peers now.
  Done count(const std::vector<OrganisationId>& peers);
  /// One request to a member's node. errors: unavailable; conflict: it said so
  Result<net::Response> call(
      const OrganisationId& peer, net::Method method, std::string target, Bytes body, Duration time);
  /// The version spoken with a node since it was greeted last; 0: it was not.
  std::uint32_t version_with(const OrganisationId& peer) const;
  Reconciling& reconciling() { return *reconciling_; }
  /// Called after deliveries were added: waiting polls are answered now.
  void on_news(std::function<void()> wake);
  /// Where work goes that need not wait for a peer's answer, as the taking of a page; nothing: one after the
  /// other. Outlives the calls.
  void work_beside(Executor* executor) { beside_ = executor; }
  /// Runs it there; at once where nobody works beside, or too much waits already.
  void run_beside(const std::function<void()>& work);
  /// Whether somebody calls it with threads of its own: a node that runs.
  bool serves() const;

 private:
  Done greet(const OrganisationId& peer);
  Result<bool> take_what_waits(const OrganisationId& peer, Duration wait);
  bool page_ahead_allowed(const OrganisationId& peer) const;
  std::shared_future<Result<TakenPage>> begin_taking(const OrganisationId& peer,
                                                     Page page,
                                                     const std::shared_future<Result<TakenPage>>& before);
  Done settle_rosters(const OrganisationId& peer, const std::vector<RosterStand>& theirs);
  Done take_rosters(const OrganisationId& peer, const AllianceId& alliance, std::uint32_t after);
  Done bring_rosters(const OrganisationId& peer, const AllianceId& alliance, std::uint32_t after);
  void confer_when_due(const OrganisationId& peer);

  /// When something was told to a member's node last, and how much was known then.
  struct Conferred {
    std::uint64_t changes = 0;
    std::vector<Digest> digests{};
    std::int64_t steady_us = 0;
  };

  api::Services& services_;
  FederationOptions options_;
  std::atomic<KnownNow> known_{std::make_shared<const Known>()};
  std::atomic<std::int64_t> joiner_until_us_{0};
  Guarded<std::map<OrganisationId, std::uint64_t>> last_{};     // newest delivery number of each pair
  Guarded<std::map<OrganisationId, std::uint32_t>> greeted_{};  // and the version spoken
  std::shared_ptr<Reconciling> reconciling_;
  Guarded<std::map<OrganisationId, Conferred>> conferred_{};
  std::atomic<std::uint64_t> proposals_changed_{1};
  Guarded<std::function<void()>> wake_{};
  Guarded<TlsStand> tls_;
  Guarded<std::function<void(const net::TlsIdentity&)>> show_{};
  std::atomic<Executor*> beside_{nullptr};
  std::atomic<std::uint64_t> rounds_{0};           // of releases
  std::atomic<store::Sequence> seen_{UINT64_MAX};  // the newest change when there was nothing more to release
  std::atomic<std::int64_t> tended_us_{INT64_MIN / 2};  // steady
  std::atomic<std::int64_t> looked_us_{INT64_MIN / 2};  // steady, when embargoes were looked at last
};

/// On the shelf of the node's services, for handlers.
struct FederationHandle {
  std::atomic<Federation*> at{nullptr};
};
/// errors: unavailable: a node without keys
Result<Federation*> federation_of(api::Services& services);

/// "/federation/...": what other nodes ask, by their certificate. And "/api/v1/alliances...": what people
/// ask.
std::span<const api::Route> federation_routes();
std::span<const api::Route> alliance_routes();
/// "/api/v1/carried...": the same by files.
std::span<const api::Route> carry_routes();
/// "/api/v1/members/{organisation}/reconcile".
std::span<const api::Route> reconcile_routes();

Bytes encode_rosters(const std::vector<ledger::SignedRoster>& rosters);
Result<std::vector<ledger::SignedRoster>> decode_rosters(std::string_view bytes);

}  // namespace shieldwall::exchange::federation
