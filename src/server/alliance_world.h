#pragma once
// Nodes of an alliance in one process, for the simulator and for peers that lie: the real federation, policy,
// store, log and witness, on disks, clocks, chance and a network that a seed rules.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/seal.h"
#include "api/shelf.h"
#include "base/log.h"
#include "crash_fs.h"
#include "exchange/federation/federation.h"
#include "exchange/federation/joining.h"
#include "ledger/amending.h"
#include "ledger/delivery.h"
#include "ledger/organisation.h"
#include "ledger/subject.h"
#include "net/sim.h"
#include "server/log_of_node.h"
#include "server/parts.h"
#include "server/witnessing.h"

namespace shieldwall::server {

namespace fed = exchange::federation;

/// A clock that goes wrong by as much all the time.
class SkewedClock final : public Clock {
 public:
  SkewedClock(const Clock& true_clock, Duration skew) : true_(true_clock), skew_(skew) {}
  Timestamp now() const override { return true_.now() + skew_; }
  Duration steady() const override { return true_.steady(); }

 private:
  const Clock& true_;
  Duration skew_;
};

/// What all nodes share: nothing of it knows the wall clock or the system's chance.
struct SimSeams {
  explicit SimSeams(std::uint64_t seed) : random(seed) { log::set_level(log::Level::off); }
  void note(std::string_view line) {
    trace.add(line);
    trace.add("\n");
  }
  SeededRandom random;
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  net::SimNet net{random, clock};
  Sha256 trace;
};

/// How one node differs from another.
struct NodeTraits {
  bool is_reachable = true;
  bool is_relay = false;
  bool on_files = false;                        // SQLite on a simulated disk, instead of the store in memory
  bool lies_about_syncs = false;                // that disk: a defect, for the tests of the tests
  std::uint32_t newest = fed::protocol_newest;  // version of the members' protocol that it says it speaks
  Duration skew{};
  /// Puts something between the node and its store: a defect, for the tests of the tests.
  std::function<std::unique_ptr<store::Store>(std::unique_ptr<store::Store>)> wrap{};
};

/// One member's node: what Node builds, as far as members see of it. Its power may fail at any durable step.
class AllianceNode {
 public:
  AllianceNode(SimSeams& sim, std::string host, NodeTraits traits)
      : sim_(sim),
        host_(std::move(host)),
        traits_(std::move(traits)),
        clock_(sim.clock, traits_.skew),
        keys_(ledger::NodeKeys::make(sim.random)),
        secret_(sim.random.bytes(api::Sealer::key_bytes)),
        home_(Uuid::named(Uuid{}, host_)),
        pin_(sha256("pin of " + host_)) {
    if (!traits_.on_files) keep(*store::open_memory(seams(), [this](auto) { return durable_step(); }));
    start();
    REQUIRE_MESSAGE(trouble.empty(), trouble);
    const ledger::Organisation organisation{
        .id = home_, .name = "Member " + host_, .hosted = true, .identity = ledger::identity_of(home_)};
    const auto write = *ledger::write_of(organisation, 0);
    REQUIRE(records().write({&write, 1}));
    REQUIRE(federation().refresh());
  }
  ~AllianceNode() { sim_.net.shut(host_, port); }
  AllianceNode(const AllianceNode&) = delete;
  AllianceNode& operator=(const AllianceNode&) = delete;

  const std::string& host() const { return host_; }
  const OrganisationId& home() const { return home_; }
  const Digest& pin() const { return pin_; }
  const NodeTraits& traits() const { return traits_; }
  const Clock& clock() const { return clock_; }
  const ledger::NodeKeys& keys() const { return keys_; }
  fed::Federation& federation() { return running_->federation; }
  api::Services& services() { return running_->services; }
  store::Store& store() { return *store_; }
  store::Records& records() { return store_->records(); }
  ledger::NodeLog& log() { return *running_->log; }
  ledger::Witness& witness() { return *running_->shelf.of<WitnessOnShelf>().witness; }
  /// Of nobody where the node has lost what it knew of itself.
  policy::Scope scope() {
    auto subject = ledger::subject_of(records(), home_);
    return policy::Scope::of(subject ? std::move(*subject) : policy::Subject{});
  }
  bool has(const model::ObjectId& id) { return store_->objects().get(scope(), id).has_value(); }

  bool runs() const { return running_ != nullptr && !is_off(); }
  /// The power goes during that many durable steps or calls of the disk from now.
  void cut_power_after(std::uint64_t steps) {
    steps_left_ = steps;
    if (traits_.on_files) fs.cut_power_after(steps);
  }
  /// What ran is gone; what was durable stays.
  void fall() {
    sim_.note(host_ + " falls");
    sim_.net.shut(host_, port);
    running_.reset();
    if (traits_.on_files) store_.reset();
    fs.restart(sim_.random);
    ++falls;
  }
  void start() {
    is_off_ = false;
    steps_left_ = 0;
    if (traits_.on_files) {
      auto opened = store::open_sqlite("/node", seams());
      if (!opened) return give_up(opened.error());
      if (traits_.lies_about_syncs) fs.lie_about_syncs();
      keep(std::move(*opened));
    }
    running_ = std::make_unique<Running>(*this);
    const auto begun = running_->begin(*this);
    if (!begun) return give_up(begun.error());
    sim_.net.listen(host_, port, [this](net::Request&& request) { return answer(std::move(request)); });
  }

  /// As a member's request arrives, whoever brings it.
  net::Response answer(net::Request&& request);

  /// It did not get up again; says why.
  std::string trouble{};

  tests::CrashFs fs;
  bool is_full = false;  // of the disk: nothing more can be kept
  int falls = 0;
  /// Asked before each request is answered; may answer itself. For tests that watch, or a node that lies.
  std::function<std::optional<net::Response>(net::Request&)> before_answer{};
  /// Shown every answer that this node was given to what it asked.
  std::function<void(const net::Url&, const net::Response&)> after_answer{};
  std::string log_folder = "/log";
  static constexpr std::uint16_t port = 8444;

 private:
  class Border;
  struct Running {
    explicit Running(AllianceNode& node);
    Done begin(AllianceNode& node);
    api::Sealer sealer;
    api::Shelf shelf;
    std::unique_ptr<net::Net> out;
    std::unique_ptr<ledger::NodeLog> log;
    api::Services services;
    api::Router router;
    fed::Federation federation;
  };

  store::Seams seams() {
    return {.clock = clock_, .random = sim_.random, .fs = fs, .stop = [](std::string_view) {}};
  }
  void give_up(const Error& error) {
    trouble = fmt::format("{} does not get up: {}", host_, error.message);
    running_.reset();
  }
  bool is_off() const { return is_off_ || fs.is_off(); }
  void keep(std::unique_ptr<store::Store> opened) {
    store_ = traits_.wrap ? traits_.wrap(std::move(opened)) : std::move(opened);
  }
  Done durable_step() {
    if (steps_left_ > 0 && --steps_left_ == 0) {
      is_off_ = true;
      fs.cut_power_after(1);
    }
    if (is_off()) return fail(ErrorCode::unavailable, "the power is off");
    if (is_full) return fail(ErrorCode::exhausted, "the disk is full");
    return {};
  }
  fed::FederationOptions options() const {
    return {.home = home_,
            .address = traits_.is_reachable ? fmt::format("{}:{}", host_, port) : "",
            .relay = traits_.is_relay,
            .pin = pin_};
  }
  /// A greeting as a node of `newest` says and hears it.
  Bytes told(std::string_view bytes) const {
    auto hello = fed::decode_hello(bytes);
    if (!hello) return Bytes(bytes);
    hello->newest = traits_.newest;
    return fed::encode(*hello);
  }
  Bytes heard(std::string_view bytes) const {
    auto hello = fed::decode_hello(bytes);
    if (!hello || traits_.newest >= fed::protocol_newest) return Bytes(bytes);
    hello->newest = std::min(hello->newest, traits_.newest);
    return fed::encode(*hello);
  }

  SimSeams& sim_;
  std::string host_;
  NodeTraits traits_;
  SkewedClock clock_;
  ledger::NodeKeys keys_;
  Bytes secret_;
  OrganisationId home_;
  Digest pin_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Running> running_;
  std::uint64_t steps_left_ = 0;  // 0: nobody will cut it
  bool is_off_ = false;
};

/// The way out: nothing leaves a node without power.
class AllianceNode::Border final : public net::Net {
 public:
  Border(AllianceNode& node, std::unique_ptr<net::Net> out) : node_(node), out_(std::move(out)) {}
  using Net::send;
  Result<net::Response> send(const net::Url& url,
                             net::Request request,
                             const net::SendOptions& options) override {
    if (node_.is_off()) return fail(ErrorCode::unavailable, "the power is off");
    const bool greets = url.target == "/federation/hello";
    if (greets) request.body = node_.told(request.body);
    auto answer = TRY(out_->send(url, std::move(request), options));
    if (greets) answer.body = node_.heard(answer.bytes());
    if (node_.after_answer) node_.after_answer(url, answer);
    return answer;
  }

 private:
  AllianceNode& node_;
  std::unique_ptr<net::Net> out_;
};

inline AllianceNode::Running::Running(AllianceNode& node)
    : sealer(node.secret_, node.sim_.random),
      out(std::make_unique<Border>(node, node.sim_.net.port_of(node.host_, node.pin_))),
      services{node.store(), node.clock_, node.sim_.random, node.fs, *out, sealer, &shelf},
      router([] {
        std::vector<api::Route> routes;
        for (const auto rows : {fed::federation_routes(), witness_routes()})
          routes.insert(routes.end(), rows.begin(), rows.end());
        return routes;
      }()),
      federation(services, node.options()) {
  shelf.of<ledger::KeyRing>().set(node.keys_);
  shelf.of<fed::FederationHandle>().at = &federation;
}

inline Done AllianceNode::Running::begin(AllianceNode& node) {
  ledger::NodeLog::Options options{
      .folder = node.log_folder,
      .signers = *log_signers(node.home_, node.keys_),
      .keep = [&store =
                   node.store()](auto openings) { return ledger::keep_openings(store.records(), openings); },
      .stop = [](std::string_view) {}};
  log = TRY(ledger::NodeLog::open(std::move(options), node.fs));
  shelf.of<ledger::LogOnShelf>().log = log.get();
  shelf.of<WitnessOnShelf>().witness = TRY(open_witness("/witness", node.home_, node.keys_, services));
  return federation.refresh();
}

inline net::Response AllianceNode::answer(net::Request&& request) {
  const auto line = fmt::format("{} to {} {}", request.peer_address, host_, request.target);
  if (before_answer)
    if (auto answered = before_answer(request)) return std::move(*answered);
  if (!request.client_certificate_pin || !federation().admits(*request.client_certificate_pin))
    return net::problem(495, "the handshake fails");
  const auto target = net::parse_target(request.target);
  const auto match = running_->router.find(request.method, *target);
  if (match.route == nullptr) return net::problem(404, "no such address");
  const bool greets = request.target == "/federation/hello";
  if (greets) request.body = heard(request.body);
  api::Call call{services(), request, *target, match.path, {}, clock_.now(), Deadline::none()};
  auto response = match.route->handler(call);
  auto answered = (response ? std::move(*response) : api::problem(response.error())).into_http();
  if (greets && answered.status == 200) answered.body = told(answered.bytes());
  if (is_off()) sim_.net.shut(host_, port);  // whoever asked never hears of it
  sim_.note(fmt::format("{} {} {}", line, answered.status, sha256(answered.bytes()).hex()));
  return answered;
}

/// Some of them, in one alliance.
struct AllianceWorld {
  explicit AllianceWorld(std::uint64_t seed) : sim(seed) {}

  AllianceNode& node(const std::string& host, NodeTraits traits = {}) {
    return *nodes.emplace_back(std::make_unique<AllianceNode>(sim, host, std::move(traits)));
  }
  /// A roster of these, signed by the first, which founded it; known to all of them.
  policy::Roster ally(const std::string& name, const std::vector<AllianceNode*>& members) {
    policy::Roster roster{
        .alliance = AllianceId::random(sim.random), .name = name, .founders = {members.front()->home()}};
    for (auto* one : members) roster.members.push_back(*fed::own_entry(one->federation()));
    roster = policy::canonical(std::move(roster));
    ledger::SignedRoster signed_roster{.roster = roster};
    ledger::sign(signed_roster, members.front()->home(), members.front()->keys().root);
    for (auto* one : members) REQUIRE(one->federation().keep(signed_roster));
    return roster;
  }
  /// All there is to do, once; gives whether anything was done.
  bool work(AllianceNode& one) {
    bool did = false;
    while (one.runs()) {
      const auto more = one.federation().release();
      if (!more || !*more) break;
      did = true;
    }
    for (const auto& peer : one.runs() ? one.federation().to_call() : std::vector<OrganisationId>{}) {
      if (one.runs()) did = one.federation().fetch_from(peer, seconds(0)).value_or(false) || did;
      if (one.runs() && one.federation().brings())
        did = one.federation().bring_to(peer).value_or(false) || did;
    }
    return did;
  }

  SimSeams sim;
  std::vector<std::unique_ptr<AllianceNode>> nodes;
};

/// An indicator's text, of that number and version.
inline std::string indicator_text(std::uint64_t number, std::uint64_t edition) {
  return fmt::format(
      R"({{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-{0:012}",)"
      R"("created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:{1:02}:00.000Z","name":"n{0}",)"
      R"("pattern":"[domain-name:value = 'h{0}.example']","pattern_type":"stix",)"
      R"("valid_from":"2020-01-01T00:00:00Z"}})",
      number,
      edition);
}
inline model::ObjectId indicator_id(std::uint64_t number) {
  return *model::ObjectId::parse(fmt::format("indicator--00000000-0000-4000-8000-{:012}", number));
}

/// Brings all versions of an object of the node's own under another label, as the route does it.
///   errors  of the store: nobody can say how far it came
inline Done amend_own(AllianceNode& node,
                      const model::ObjectId& id,
                      const policy::Label& before,
                      const policy::Label& label) {
  store::Query query;
  query.ids = {id};
  query.select = store::VersionSelect::all;
  const auto held =
      TRY(node.store().objects().find(node.scope(), query, std::nullopt, 1'000, 1u << 24, Deadline::none()));
  std::vector<store::Amendment> amendments;
  for (const auto& one : held.holdings)
    amendments.push_back({.id = one.id,
                          .version = one.version,
                          .spec_version = one.spec_version,
                          .source = one.source,
                          .collection = one.collection,
                          .before = before,
                          .label = label,
                          .parts = {}});
  TRY(ledger::note_amending(node.records(), id));
  TRY(node.store().objects().amend(amendments));
  return ledger::note_amended(node.records(), id);
}

/// Puts an object of the node's own under that label into the circle of the alliance.
inline Done put_own(AllianceNode& node,
                    const std::string& text,
                    const CircleId& circle,
                    const policy::Label& label) {
  const auto document = TRY(model::JsonDocument::parse(text));
  auto object = model::read_object(document.root());
  REQUIRE(object);
  const store::NewHolding holding{.object = std::move(*object),
                                  .text = model::searchable_text(document.root()),
                                  .source = {policy::Source::Kind::own, node.home().uuid},
                                  .collection = circle,
                                  .label = policy::canonical(label),
                                  .parts = {}};
  TRY(node.store().objects().put({&holding, 1}, Deadline::none()));
  return {};
}

}  // namespace shieldwall::server
