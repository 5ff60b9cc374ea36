// Five to nine members' nodes, and all that goes wrong between them: what a seed makes of it, replayed as
// often as one likes. Everyone who may have a thing has it in the end, nobody else ever does, nothing that
// was acknowledged is lost, and the logs stay one history each.

#include <cstdlib>
#include <optional>

#include <sodium.h>

#include "exchange/federation/again.h"
#include "exchange/federation/impact.h"
#include "ledger/anonymous.h"
#include "ledger/member_times.h"
#include "server/alliance_defects.h"
#include "server/alliance_oracle.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::server;

namespace {

/// While it lives, libsodium draws what it draws by itself - the passing keys of sealed boxes - from a seed
/// too.
class SeededSodium {
 public:
  explicit SeededSodium(std::uint64_t seed) {
    chance.emplace(seed);
    static randombytes_implementation seeded{
        .implementation_name = [] { return "seeded"; },
        .random = [] { return static_cast<std::uint32_t>(chance->next()); },
        .stir = nullptr,
        .uniform = nullptr,
        .buf = [](void* to, std::size_t size) { chance->fill({static_cast<std::uint8_t*>(to), size}); },
        .close = nullptr};
    randombytes_set_implementation(&seeded);
  }
  ~SeededSodium() { randombytes_set_implementation(&randombytes_sysrandom_implementation); }
  SeededSodium(const SeededSodium&) = delete;
  SeededSodium& operator=(const SeededSodium&) = delete;

 private:
  static inline std::optional<SeededRandom> chance;
};

class Story {
 public:
  explicit Story(std::uint64_t seed, SimDefect defect = SimDefect::none)
      : world_(seed), random_(world_.sim.random), oracle_(world_), defect_(defect), seed_(seed) {
    const SeededSodium sodium(seed);
    found();
  }

  /// Empty when everything held, else what went wrong first.
  std::string run() {
    const SeededSodium sodium(~seed_);
    world_.sim.net.weather = {
        .requests_lost = 25, .answers_lost = 25, .requests_doubled = 40, .delay_max = milliseconds(50)};
    for (int step = 0; step < steps && oracle_.verdict().empty(); ++step) {
      act();
      misbehave(step);
      oracle_.judge_step();
      get_up(50);
    }
    settle();
    if (oracle_.verdict().empty()) oracle_.judge_end();
    if (oracle_.verdict().empty()) oracle_.judge_logs();
    return oracle_.verdict();
  }

  Digest trace() { return world_.sim.trace.finish(); }
  const std::map<std::string, int>& tally() const { return tally_; }

 private:
  using Node = AllianceNode;
  static constexpr int steps = 40;
  static constexpr std::string_view name = "shield";

  std::size_t below(std::size_t bound) { return random_.below(bound); }
  bool chance(std::size_t percent) { return below(100) < percent; }
  std::size_t any() { return below(world_.nodes.size()); }
  Node& at(std::size_t place) { return *world_.nodes[place]; }
  void note(std::string_view what) {
    ++tally_[std::string(what)];
    world_.sim.note(what);
  }

  void found() {
    const auto count = 5 + (chance(30) ? below(5) : 0);
    std::vector<Node*> members;
    for (std::size_t i = 0; i < count; ++i) {
      NodeTraits traits;
      traits.is_relay = i == 0;
      traits.is_reachable = i == 0 || chance(75);
      traits.on_files = i == 1 && chance(10);
      traits.newest = i % 2 == 0 ? fed::protocol_newest : fed::protocol_newest + 1;
      if (i == liar) seed_defect(traits);
      if (chance(40)) traits.skew = minutes(static_cast<std::int64_t>(below(121)) - 60);
      members.push_back(&world_.node(fmt::format("n{}", i), traits));
      watch(i);
    }
    world_.ally(std::string(name), members);
  }

  /// Some of what is pushed comes again, late.
  void watch(std::size_t place) {
    at(place).before_answer = [this, place](net::Request& request) {
      if (request.target != "/federation/push") return std::optional<net::Response>();
      if (chance(15) && pushes_.size() < 8) pushes_.emplace_back(place, request);
      if (place == liar && defect_ == SimDefect::early_ack) return promise_.make(at(place), request);
      if (place == liar && defect_ == SimDefect::blind_receiver) blind_.hear(request.body);
      return std::optional<net::Response>();
    };
    at(place).after_answer = [this, place](const net::Url& url, const net::Response& answer) {
      if (place == liar && defect_ == SimDefect::blind_receiver && url.target == "/federation/poll")
        blind_.hear(answer.bytes());
    };
  }

  void act() {
    const auto what = below(100);
    if (what < 20) return share();
    if (what < 27) return share_again();
    if (what < 32) return recall();
    if (what < 36) return amend();
    if (what < 38) return see_unnamed();
    if (what < 70) return talk();
    if (what < 74) return suspend_or_reinstate();
    if (what < 80) return partition();
    if (what < 85) return break_power();
    if (what < 87) return fill_disk();
    if (what < 92) return pass_time();
    if (what < 97) return witness();
    if (what < 98) return leave();
    replay();
  }

  // ---- what members do

  std::set<std::size_t> inside(std::size_t owner) {
    std::set<std::size_t> found;
    for (const auto& one : at(owner).federation().known()->newest)
      for (std::size_t i = 0; i < world_.nodes.size(); ++i)
        if (i != owner && policy::find_member(one.roster, at(i).home()) != nullptr) found.insert(i);
    return found;
  }

  void share() {
    const auto owner = any();
    if (!at(owner).runs() || at(owner).federation().known()->newest.empty()) return;
    Shared one{.number = oracle_.shared.size() + 1, .owner = owner, .may = inside(owner)};
    const auto roster = at(owner).federation().known()->newest.front().roster;
    const auto circle =
        ledger::read_circle(at(owner).records(), ledger::circle_of(roster.alliance, at(owner).home()));
    if (!circle) return;
    one.label = ledger::label_for(circle->value, at(owner).home());
    one.label.tlp = policy::Tlp::amber;
    draw_label(one, roster);
    one.label = policy::canonical(one.label);
    oracle_.shared.push_back(one);
    note("shared");
    put(oracle_.shared.back(), 1);
  }

  void draw_label(Shared& one, const policy::Roster& roster) {
    auto& label = one.label;
    const auto& owner = at(one.owner);
    const auto now = owner.clock().now();
    policy::AllianceAudience some{
        .alliance = roster.alliance, .roster_version = roster.version, .nations = {}, .organisations = {}};
    switch (below(10)) {
      case 0:
        label.tlp = policy::Tlp::amber_strict;
        return;
      case 1:
        label.tlp = policy::Tlp::green;
        return;
      case 2:  // some of them by name
        std::erase_if(one.may, [&](std::size_t) { return chance(50); });
        for (const auto place : one.may) some.organisations.push_back(at(place).home());
        label.audience = {{owner.home(), some}};
        return;
      case 3: {  // RED, for the services of some
        std::erase_if(one.may, [&](std::size_t) { return chance(60); });
        label.tlp = policy::Tlp::red;
        label.persons.emplace();
        for (const auto place : one.may) label.persons->push_back({at(place).home(), PersonId{}});
        return;
      }
      case 4:
        one.may.clear();
        label.audience = {{owner.home(), {}}};
        return;
      case 5:
        one.may.clear();
        label.compartments = {CompartmentId::random(random_)};
        return;
      case 6:
        one.embargo = label.embargo = now + minutes(static_cast<std::int64_t>(1 + below(240)));
        return;
      case 7:
        one.end = label.end = now + minutes(static_cast<std::int64_t>(1 + below(120)));
        return;
      case 8:
        one.may.clear();
        label.tlp = policy::Tlp::red;
        return;
      default:
        return;
    }
  }

  void put(Shared& one, std::uint64_t version) {
    const auto text = indicator_text(one.number, version);
    const auto circle = ledger::circle_of(at(one.owner).federation().known()->newest.front().roster.alliance,
                                          at(one.owner).home());
    one.bytes[version] = sha256(text);
    for (const auto& [who, whom] : oracle_.suspended)
      if (who == one.owner) one.barred.insert({version, whom});
    if (!put_own(at(one.owner), text, circle, one.label)) return;
    one.is_acknowledged = true;
    one.version = version;
  }

  void share_again() {
    if (oracle_.shared.empty()) return;
    auto& one = oracle_.shared[below(oracle_.shared.size())];
    if (one.is_recalled || one.is_unsure || !at(one.owner).runs() ||
        at(one.owner).federation().known()->newest.empty())
      return;
    note("shared again");
    put(one, one.bytes.rbegin()->first + 1);
  }

  void recall() {
    if (oracle_.shared.empty()) return;
    auto& one = oracle_.shared[below(oracle_.shared.size())];
    if (one.is_recalled || !at(one.owner).runs()) return;
    note("recalled");
    store::Query query;
    query.ids = {indicator_id(one.number)};
    query.select = store::VersionSelect::all;
    const auto removed = at(one.owner).store().objects().remove(at(one.owner).scope(), query);
    (removed ? one.is_recalled : one.is_unsure) = true;
  }

  /// Under another audience from now on: some who were inside, by name.
  void amend() {
    if (oracle_.shared.empty()) return;
    auto& one = oracle_.shared[below(oracle_.shared.size())];
    auto& node = at(one.owner);
    if (one.is_recalled || one.is_unsure || !one.is_acknowledged || one.may.empty() || one.label.persons ||
        !node.runs() || node.federation().known()->newest.empty())
      return;
    const auto roster = node.federation().known()->newest.front().roster;
    policy::AllianceAudience some{
        .alliance = roster.alliance, .roster_version = roster.version, .nations = {}, .organisations = {}};
    std::map<std::size_t, std::uint64_t> lost;
    for (const auto place : one.may)
      if (chance(50) && policy::find_member(roster, at(place).home()) != nullptr)
        some.organisations.push_back(at(place).home());
      else
        lost[place] = one.bytes.rbegin()->first + 1;
    auto label = one.label;
    label.audience = {{node.home(), some}};
    label = policy::canonical(label);
    const auto done = amend_own(node, indicator_id(one.number), one.label, label);
    if (!done) {
      one.is_unsure = true;
      return;
    }
    note("amended");
    one.label = label;
    one.lost = lost;
  }

  /// A member saw something of another's, and lets it be known without its name.
  void see_unnamed() {
    if (oracle_.shared.empty()) return;
    const auto& one = oracle_.shared[below(oracle_.shared.size())];
    const auto seer = any();
    auto& node = at(seer);
    if (seer == one.owner || !node.runs() || !node.has(indicator_id(one.number))) return;
    const auto now = node.clock().now();
    const ledger::AnonymousCount count{.alliance = node.federation().known()->newest.front().roster.alliance,
                                       .owner = at(one.owner).home(),
                                       .indicator = indicator_id(one.number),
                                       .from = Timestamp{(now - days(2)).us / 1000 * 1000},
                                       .length = days(1),
                                       .count = 1 + below(9)};
    const auto wait = Duration{static_cast<std::int64_t>(below(minutes(30).us))};
    const auto write = ledger::write_of(count, now + wait, random_);
    if (!node.records().write({&write, 1})) return;
    note("seen without a name");
    oracle_.unnamed.insert({one.owner, seer, one.number});
  }

  void talk() {
    auto& node = at(any());
    if (!node.runs()) return;
    static_cast<void>(node.federation().release());
    const auto peers = node.federation().to_call();
    if (!node.runs() || peers.empty()) return;
    const auto& peer = peers[below(peers.size())];
    judge_talk(node, node.federation().fetch_from(peer, seconds(0)));
    if (node.runs() && node.federation().brings()) judge_talk(node, node.federation().bring_to(peer));
  }
  void judge_talk(const Node& node, const Result<bool>& done) {
    if (done) return;
    for (const auto* phrase : {"another history", "are missing"})
      if (done.error().message.find(phrase) != std::string::npos)
        oracle_.wrong(fmt::format("{}: {}", node.host(), done.error().message));
  }

  void suspend_or_reinstate() {
    if (!oracle_.suspended.empty() && chance(50)) return reinstate(*oracle_.suspended.begin());
    const auto who = any();
    const auto whom = any();
    if (who == whom || !at(who).runs() || oracle_.suspended.contains({who, whom})) return;
    if (at(who).federation().known()->member(at(whom).home()) == nullptr) return;
    const auto from = fed::released_up_to(at(who).records());
    if (!from) return;
    note("suspended");
    const auto write = fed::write_of(fed::Suspension{
        .member = at(whom).home(), .at = at(who).clock().now(), .reason = "simulated", .from = *from});
    if (!at(who).records().write({&write, 1})) return;
    oracle_.suspended.insert({who, whom});
    oracle_.ever_suspended.insert({who, whom});
    static_cast<void>(at(who).federation().refresh());
  }

  /// As the route does it.
  void reinstate(std::pair<std::size_t, std::size_t> pair) {
    auto& node = at(pair.first);
    if (!node.runs()) return;
    const auto member = at(pair.second).home();
    const auto known = node.federation().known();
    const auto from = known->suspended.at(member).from;
    const auto tell = [&] {
      return fed::release_again(node.services(), *node.federation().known(), node.keys(), member, from)
          .has_value();
    };
    const auto ask = [&] {
      return fed::ask_again(node.services(), *node.federation().known(), node.keys(), member).has_value();
    };
    const auto end = fed::end_of_suspension(member);
    if (!tell() || !ask() || !node.records().write({&end, 1})) return;
    note("reinstated");
    oracle_.suspended.erase(pair);
    for (auto& one : oracle_.shared)
      if (one.owner == pair.first)
        std::erase_if(one.barred, [&](const auto& barred) { return barred.second == pair.second; });
    static_cast<void>(node.federation().refresh());
    static_cast<void>(tell());
    static_cast<void>(ask());
    static_cast<void>(node.federation().refresh());
  }

  void leave() {
    const auto who = 1 + below(world_.nodes.size() - 1);
    if (!at(who).runs() || !oracle_.left.empty()) return;
    const auto alliance = ledger::alliance_named(at(who).records(), name);
    if (!alliance) return;
    note("left");
    oracle_.left.insert(who);
    static_cast<void>(fed::leave_alliance(at(who).federation(), *alliance));
  }

  // ---- what befalls them

  void partition() {
    world_.sim.net.heal_all();
    if (chance(40)) return;
    note("partitioned");
    std::vector<bool> side(world_.nodes.size());
    for (std::size_t i = 0; i < side.size(); ++i) side[i] = chance(50);
    for (std::size_t i = 0; i < side.size(); ++i)
      for (std::size_t j = 0; j < side.size(); ++j)
        if (side[i] != side[j]) world_.sim.net.cut(at(i).host(), at(j).host());
  }

  void break_power() {
    auto& node = at(any());
    note("power cut");
    node.cut_power_after(1 + below(node.traits().on_files ? 60 : 12));
  }

  void get_up(std::size_t percent) {
    for (std::size_t i = 0; i < world_.nodes.size(); ++i) {
      if (at(i).runs() || !chance(percent)) continue;
      note("fell");
      if (i == liar) promise_.forget();
      at(i).fall();
      at(i).is_full = false;  // whoever starts a node on a full disk makes room first
      if (i == liar && defect_ == SimDefect::two_histories) at(i).log_folder += "-anew";
      at(i).start();
      if (!at(i).trouble.empty()) oracle_.wrong(at(i).trouble);
      oracle_.judge_acks(i);
    }
  }

  void fill_disk() {
    auto& node = at(any());
    node.is_full = !node.is_full;
    note("disk filled or freed");
  }

  void pass_time() {
    world_.sim.clock.advance(minutes(static_cast<std::int64_t>(1 + below(40))));
    for (const auto& node : world_.nodes)
      if (node->runs()) static_cast<void>(node->store().objects().advance(node->clock().now()));
  }

  // ---- defects, for the tests of the tests

  static constexpr std::size_t liar = 2;

  void seed_defect(NodeTraits& traits) {
    if (defect_ == SimDefect::lying_disk) traits.on_files = traits.lies_about_syncs = true;
    if (defect_ == SimDefect::number_twice)
      traits.wrap = [](auto inner) { return std::make_unique<RepeatingStore>(std::move(inner)); };
    if (defect_ == SimDefect::early_ack) traits.is_reachable = true;
  }

  void misbehave(int step) {
    const bool misleads = defect_ == SimDefect::misled_sender || defect_ == SimDefect::blind_receiver;
    if (misleads && at(0).runs() && at(liar).runs()) mislead(at(0), at(liar));
    if (!at(liar).runs()) return;
    if (defect_ == SimDefect::early_ack && chance(30)) promise_.keep(at(liar));
    if (defect_ == SimDefect::blind_receiver) blind_.take(at(liar));
    if (defect_ == SimDefect::two_histories && step == steps / 2 && at(liar).log().publish()) {
      oracle_.see_checkpoint(liar);  // one of each history
      at(liar).cut_power_after(1);
    }
  }

  void witness() {
    const auto place = any();
    if (!at(place).runs() || !at(place).log().publish()) return;
    note("witnessed");
    oracle_.see_checkpoint(place);
    ask_members(at(place).federation(), at(place).log());
  }

  void replay() {
    if (pushes_.empty()) return;
    const auto& [to, request] = pushes_[below(pushes_.size())];
    if (!at(to).runs()) return;
    note("came again, late");
    at(to).answer(net::Request(request));
  }

  // ---- and the end of it

  void settle() {
    world_.sim.net.heal_all();
    world_.sim.net.weather = {};
    for (const auto& node : world_.nodes) {
      node->cut_power_after(0);
      node->is_full = false;
    }
    get_up(100);
    while (!oracle_.suspended.empty()) reinstate(*oracle_.suspended.begin());
    settle_rounds();
    world_.sim.clock.advance(hours(8));
    settle_rounds();
    world_.sim.clock.advance(hours(1));  // what relays mix goes on
    settle_rounds();
  }

  void settle_rounds() {
    for (const auto& node : world_.nodes)
      if (!node->runs()) return oracle_.wrong(node->host() + " is down");
    constexpr int rounds_max = 16;
    int quiet = 0;
    for (int round = 0; quiet < 2 && oracle_.verdict().empty(); ++round) {
      if (round == rounds_max) return oracle_.wrong("they never come to rest");
      world_.sim.clock.advance(seconds(1));
      bool did = false;
      for (const auto& node : world_.nodes) {
        static_cast<void>(node->store().objects().advance(node->clock().now()));
        did = world_.work(*node) || did;
        oracle_.judge_step();
      }
      quiet = did ? 0 : quiet + 1;
    }
    for (std::size_t i = 0; i < world_.nodes.size(); ++i)
      if (!at(i).log().publish()) oracle_.wrong("a log cannot be published");
  }

  AllianceWorld world_;
  Random& random_;
  AllianceOracle oracle_;
  SimDefect defect_;
  std::uint64_t seed_;
  EarlyPromise promise_;
  BlindReceiver blind_;
  std::vector<std::pair<std::size_t, net::Request>> pushes_;
  std::map<std::string, int> tally_;
};

/// Whether the oracle notices the defect, within some stories.
bool is_noticed(SimDefect defect, std::uint64_t stories) {
  for (std::uint64_t seed = 1; seed <= stories; ++seed)
    if (!Story(seed, defect).run().empty()) return true;
  return false;
}

/// One seed, or how many: ./dev sim sets it.
std::pair<std::uint64_t, std::uint64_t> seeds_to_run() {
  if (const char* one = std::getenv("SHIELDWALL_SIM_SEED")) return {std::stoull(one), 1};
  if (const char* count = std::getenv("SHIELDWALL_SIM_COUNT")) return {1, std::stoull(count)};
  return {1, static_cast<std::uint64_t>(tests::test_size("alliance_seeds"))};
}

}  // namespace

TEST_CASE("whatever goes wrong, everyone who may have it has it, and nobody else ever does") {
  const auto [first, count] = seeds_to_run();
  std::map<std::string, int> tally;
  for (auto seed = first; seed < first + count; ++seed) {
    Story story(seed);
    const auto wrong = story.run();
    if (!wrong.empty()) FAIL_CHECK(fmt::format("./dev sim {}: {}", seed, wrong));
    for (const auto& [what, times] : story.tally()) tally[what] += times;
  }
  if (count < 20) return;
  for (const auto* what :
       {"shared", "recalled", "amended", "suspended", "reinstated", "partitioned", "fell", "witnessed"})
    CHECK_MESSAGE(tally[what] > 0, what);
}

TEST_CASE("a seed of the alliance replays exactly, and another seed is another story") {
  Story once(7), again(7), other(8);
  CHECK(once.run() == again.run());
  other.run();
  const auto trace = once.trace();
  CHECK(trace == again.trace());
  CHECK(trace != other.trace());
}

TEST_CASE("the simulation notices each kind of defect, and a liar alone does no harm") {
  constexpr std::pair<const char*, SimDefect> defects[] = {
      {"a receiver that keeps what its label forbids", SimDefect::blind_receiver},
      {"an acknowledgement before anything is durable", SimDefect::early_ack},
      {"a disk whose syncs are not done", SimDefect::lying_disk},
      {"a delivery number that is given twice", SimDefect::number_twice},
      {"a log that begins anew", SimDefect::two_histories}};
  for (const auto& [what, defect] : defects) CHECK_MESSAGE(is_noticed(defect, 25), std::string(what));
  CHECK_FALSE(is_noticed(SimDefect::misled_sender, 4));
}

TEST_CASE("an embargo opens by the instants that witnesses signed, of which a single lie moves nothing") {
  AllianceWorld world(3);
  std::vector<AllianceNode*> members;
  for (const auto* host : {"n0", "n1", "n2"}) members.push_back(&world.node(host));
  members.push_back(&world.node("ahead", {.skew = days(9)}));
  world.ally("shield", members);
  auto& node = *members.front();
  const auto passed = [&](Timestamp instant) {
    return node.services().shelf->of<ledger::MemberTimes>().has_passed(
        instant, node.clock().now() + days(5), node.clock().steady());  // the own clock was moved
  };
  const auto soon = node.clock().now() + minutes(5);
  CHECK(passed(soon).passed);  // nobody is asked yet, and it says so
  const ledger::NewEntry entries[] = {{.entry = ledger::commit("something", world.sim.random).entry()}};
  REQUIRE(node.log().append(entries));
  REQUIRE(node.log().publish());
  ask_members(node.federation(), node.log());
  CHECK_FALSE(passed(soon).passed);
  CHECK(passed(node.clock().now() - seconds(2)).passed);
  world.sim.clock.advance(minutes(6));
  CHECK(passed(soon).passed);
}
