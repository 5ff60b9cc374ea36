#pragma once
// The judge of a simulated alliance: it keeps its own plain book of who shared what with whom, and asks no
// label, roster or policy code whether what it finds in the stores is right.

#include "exchange/federation/outbox.h"
#include "ledger/log/merkle.h"
#include "server/alliance_world.h"

namespace shieldwall::server {

/// What somebody shared, and who may have it: nodes by their place in the world.
struct Shared {
  std::uint64_t number = 0;
  std::size_t owner = 0;
  std::set<std::size_t> may{};  // the owner is not among them
  Timestamp embargo = Timestamp::always();
  Timestamp end = Timestamp::never();
  policy::Label label{};
  std::uint64_t version = 0;                                 // the newest that was acknowledged
  std::map<std::uint64_t, Digest> bytes{};                   // of each version
  std::set<std::pair<std::uint64_t, std::size_t>> barred{};  // version and node: suspended when it was shared
  std::map<std::size_t, std::uint64_t> lost{};  // by an amended label: the first version that they never get
  bool is_acknowledged = false;
  bool is_recalled = false;
  bool is_unsure = false;  // its recall failed: nobody can say whether it was done
};

class AllianceOracle {
 public:
  explicit AllianceOracle(AllianceWorld& world) : world_(world) {}

  std::vector<Shared> shared{};
  std::set<std::pair<std::size_t, std::size_t>> suspended{};  // who suspends whom now
  std::set<std::pair<std::size_t, std::size_t>> ever_suspended{};
  std::set<std::size_t> left{};  // they went, or tried to
  /// What somebody saw and does not put its name to: the indicator's owner, who saw it, the indicator.
  std::set<std::tuple<std::size_t, std::size_t, std::uint64_t>> unnamed{};

  /// Empty while everything holds, else what went wrong first.
  const std::string& verdict() const { return wrong_; }
  void wrong(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  /// After each step: whatever came to anybody since was for them.
  void judge_step() {
    for (std::size_t at = 0; at < world_.nodes.size(); ++at) {
      if (!world_.nodes[at]->runs()) continue;
      auto& objects = world_.nodes[at]->store().objects();
      while (judged_[at] < objects.newest()) {
        const auto page = objects.changes(policy::Scope::everything("simulation"), judged_[at], 100);
        if (!page) break;  // its power went over it
        if (page->last == judged_[at]) break;
        judged_[at] = page->last;
        for (const auto& change : page->changes)
          if (change.kind == store::ChangeKind::added) judge_arrival(at, change.holding);
      }
    }
  }

  /// What somebody acknowledged stands there.
  void judge_acks(std::size_t by) {
    if (!world_.nodes[by]->runs()) return;
    for (std::size_t from = 0; from < world_.nodes.size(); ++from) {
      auto& sender = *world_.nodes[from];
      if (from == by || !sender.runs()) continue;
      const auto told = fed::kept_ack(sender.records(), world_.nodes[by]->home());
      const auto kept = fed::in_stand(world_.nodes[by]->records(), sender.home());
      if (!told || !kept) return wrong("the stand of deliveries cannot be read");
      if (told->last > kept->last)
        wrong(fmt::format("{} acknowledged {} deliveries of {} and has {}",
                          world_.nodes[by]->host(),
                          told->last,
                          sender.host(),
                          kept->last));
    }
  }

  /// When all is quiet and every embargo and end is past.
  void judge_end() {
    for (std::size_t at = 0; at < world_.nodes.size(); ++at) {
      judge_acks(at);
      if (left.contains(at)) continue;
      const auto scope = world_.nodes[at]->scope();
      for (const auto& one : shared)
        if (at != one.owner && !left.contains(one.owner)) judge_end(one, at, scope);
    }
    for (const auto& one : shared)
      if (one.is_recalled && !left.contains(one.owner)) judge_confirmations(one);
  }

  void see_checkpoint(std::size_t of) {
    const auto seen = world_.nodes[of]->log().published();
    if (seen) checkpoints_[of].push_back(*seen);
  }
  /// Every pair of checkpoints that anybody saw of a log belongs to one history, and no witness has evidence.
  void judge_logs() {
    for (std::size_t of = 0; of < world_.nodes.size(); ++of) {
      auto& log = world_.nodes[of]->log();
      if (const auto done = log.publish(); !done) wrong(done.error().message);
      see_checkpoint(of);
      if (log.is_held()) wrong(world_.nodes[of]->host() + ": its log is held");
      const auto& seen = checkpoints_[of];
      for (std::size_t i = 0; i < seen.size(); ++i)
        for (std::size_t j = i; j < seen.size(); ++j) judge_pair(of, log, seen[i], seen[j]);
      const auto evidence = world_.nodes[of]->witness().evidence();
      if (!evidence || !evidence->empty()) wrong(world_.nodes[of]->host() + " has evidence against somebody");
    }
  }

 private:
  std::string name(std::size_t at) const { return world_.nodes[at]->host(); }

  void judge_arrival(std::size_t at, const policy::Holding& holding) {
    if (holding.source == policy::Source{policy::Source::Kind::own, world_.nodes[at]->home().uuid}) return;
    if (holding.id.type == "sighting") return judge_unnamed(at, holding);
    const auto found =
        std::ranges::find(shared, holding.id, [](const Shared& one) { return indicator_id(one.number); });
    if (found == shared.end())
      return wrong(fmt::format("{} has {} from nowhere", name(at), holding.id.text()));
    const auto& one = *found;
    const auto& owner = *world_.nodes[one.owner];
    const auto what = fmt::format("{} of {}, at {}", one.number, owner.host(), name(at));
    const auto edition =
        static_cast<std::uint64_t>(std::get<Timestamp>(holding.version).us / minutes(1).us % 60);
    if (holding.source.id != owner.home().uuid) wrong(what + ": in another one's name");
    if (!one.may.contains(at)) wrong(what + ": leaked");
    if (suspended.contains({at, one.owner})) wrong(what + ": taken from who is suspended");
    if (one.lost.contains(at) && edition >= one.lost.at(at)) wrong(what + ": given to who lost it");
    if (one.barred.contains({edition, at})) wrong(what + ": given to who is suspended");
    if (owner.clock().now() < one.embargo) wrong(what + ": before its embargo was over");
    if (world_.nodes[at]->clock().now() >= one.end) wrong(what + ": after its end");
    if (!one.bytes.contains(edition) || sha256(*holding.bytes) != one.bytes.at(edition))
      wrong(what + ": not what was shared");
    if (holding.label.tlp != one.label.tlp || holding.label.persons != one.label.persons ||
        holding.label.end != one.label.end)
      wrong(what + ": under another label");
  }

  /// It came to who owns what was seen, from a relay, and names nobody.
  void judge_unnamed(std::size_t at, const policy::Holding& holding) {
    const auto is_of = [&](const auto& one) {
      return std::get<0>(one) == at &&
             holding.bytes->find(indicator_id(std::get<2>(one)).text()) != std::string::npos;
    };
    if (std::ranges::none_of(unnamed, is_of))
      return wrong(name(at) + " has a sighting of what is not its own, or that nobody made");
    if (holding.source.id != world_.nodes[0]->home().uuid) wrong(name(at) + ": a sighting past no relay");
    for (const auto& node : world_.nodes)
      if (holding.bytes->find(node->home().text()) != std::string::npos)
        wrong(name(at) + ": a sighting that names " + node->host());
  }

  void judge_end(const Shared& one, std::size_t at, const policy::Scope& scope) {
    if (one.is_unsure) return;
    auto& node = *world_.nodes[at];
    const auto what = fmt::format("{} of {}, at {}", one.number, name(one.owner), name(at));
    const auto held =
        node.store().objects().get(policy::Scope::everything("simulation"), indicator_id(one.number));
    const bool is_seen = node.store().objects().get(scope, indicator_id(one.number)).has_value();
    if (one.is_recalled && held) return wrong(what + ": recalled and yet there");
    if (one.end != Timestamp::never() && is_seen) return wrong(what + ": seen after its end");
    if (one.is_recalled || one.end != Timestamp::never() || !one.is_acknowledged) return;
    if (!one.may.contains(at)) return;
    if (one.lost.contains(at)) return held ? wrong(what + ": taken away and yet there") : void();
    if (!is_seen) return wrong(what + ": lost");
    const auto edition =
        static_cast<std::uint64_t>(std::get<Timestamp>(held->version).us / minutes(1).us % 60);
    if (edition < one.version) wrong(what + ": an old version");
  }
  /// Who was told of a recall directly has confirmed it, and its owner knows.
  void judge_confirmations(const Shared& one) {
    auto& owner = *world_.nodes[one.owner];
    const auto rows =
        owner.records().scan(ledger::statement_table, fed::own_prefix(indicator_id(one.number)), "", 50);
    if (!rows) return wrong("releases cannot be read");
    for (const auto& row : *rows) {
      const auto release = *fed::decode_own_release(row.value);
      for (const auto& recipient : release.recipients)
        for (std::size_t at = 0; at < world_.nodes.size(); ++at) {
          const auto& node = *world_.nodes[at];
          if (node.home() != recipient.organisation || left.contains(at) || is_apart(one, at)) continue;
          if (!node.traits().is_reachable && !owner.traits().is_reachable) continue;  // told by the relay
          const auto key = fmt::format("receipt/{}/{:016}", node.home().text(), recipient.number);
          if (!owner.records().read(ledger::outbox_table, key))
            wrong(fmt::format(
                "{} of {}: {} did not confirm its recall", one.number, owner.host(), node.host()));
        }
    }
  }
  bool is_apart(const Shared& one, std::size_t at) const {
    return ever_suspended.contains({at, one.owner}) && !world_.nodes[at]->traits().is_reachable &&
           !world_.nodes[one.owner]->traits().is_reachable;
  }

  void judge_pair(std::size_t of,
                  ledger::NodeLog& log,
                  const ledger::Checkpoint& a,
                  const ledger::Checkpoint& b) {
    const auto& [first, second] = a.size <= b.size ? std::tie(a, b) : std::tie(b, a);
    const auto proof = log.consistency(first.size, second.size);
    if (!proof || !ledger::check_consistency(first.size, first.root, second.size, second.root, *proof))
      wrong(fmt::format(
          "{}: its log at {} is not the beginning of the one at {}", name(of), first.size, second.size));
  }

  AllianceWorld& world_;
  std::map<std::size_t, store::Sequence> judged_;
  std::map<std::size_t, std::vector<ledger::Checkpoint>> checkpoints_;
  std::string wrong_;
};

}  // namespace shieldwall::server
