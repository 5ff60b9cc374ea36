#include "exchange/federation/reconciler.h"

#include <algorithm>
#include <future>
#include <set>

#include "base/eventual.h"
#include "base/log.h"

namespace shieldwall::exchange::federation {

namespace {

using reconcile::Element;

constexpr std::uint32_t first_symbols = 128;             // tell some 80 differences in one round trip
constexpr std::uint64_t symbols_of_run_max = 8'000'000;  // 290 MB: whoever differs in more is told all anew
constexpr std::uint64_t symbols_per_element_max =
    8;                                    // 1.4 to 2 do, and what is asked in vain of a part too large
constexpr int tries_max = 3;              // of one part: what is released meanwhile can spoil a window once
constexpr std::size_t sessions_max = 16;  // of 2.6 MB at most
constexpr double share_max_s = 30;        // of reading, at once
constexpr double share_per_s = 0.25;      // and then of every second

struct Part {
  std::uint8_t bits = 0;
  std::uint32_t part = 0;
};

class Run {
 public:
  Run(Federation& federation, const OrganisationId& peer)
      : federation_(federation), services_(federation.services()), peer_(peer) {}

  Done run() {
    report([&](ReconcileReport& report) {
      report = {.state = ReconcileState::runs, .began = services_.clock.now()};
    });
    for (const bool theirs : {false, true}) TRY(go_through(theirs));
    // What was asked for again is queued, not taken: until it is, a restored node lacks recalls.
    TRY(federation_.empty_queues(peer_));
    TRY(ask_reconcile(federation_, peer_, {.ask = ReconcileAsk::done}));
    report([&](ReconcileReport& report) {
      report.state = ReconcileState::done;
      report.ended = services_.clock.now();
    });
    return {};
  }

 private:
  template <typename Change>
  void report(Change&& change) {
    federation_.reconciling().reports.with([&](auto& reports) { change(reports[peer_]); });
  }

  /// The statements of the peer (`theirs`), or of this node, part by part.
  Done go_through(bool theirs) {
    std::vector<Part> parts{{}};
    int changed = 0;
    while (!parts.empty()) {
      const auto part = parts.back();
      parts.pop_back();
      const auto found = TRY(difference(theirs, part));
      if (found) {
        report([&](ReconcileReport& report) {
          report.differences += found->theirs().size() + found->ours().size();
        });
        const bool stood = TRY(theirs ? settle_theirs(*found) : settle_ours(*found));
        // What is shared or recalled meanwhile changes a set; who tells again and again of what is not there
        // has no such excuse.
        if (!stood && ++changed == tries_max)
          return fail(ErrorCode::invalid, "its symbols tell of statements that nobody holds");
        if (!stood) parts.push_back(part);
        continue;
      }
      if (part.bits >= part_bits_max)
        return fail(ErrorCode::exhausted, "its symbols do not end, however small the part of the set");
      for (std::uint32_t i = 0; i < 1u << part_bits_step; ++i)
        parts.push_back(
            {static_cast<std::uint8_t>(part.bits + part_bits_step), part.part << part_bits_step | i});
    }
    return {};
  }

  /// Nothing: too much differs to be told at once.
  Result<std::optional<reconcile::Decoder>> difference(bool theirs, const Part& part) {
    for (int tries = 1;; ++tries) {
      auto found = decode(theirs, part);
      if (found || found.error().code != ErrorCode::invalid || tries == tries_max) return found;
    }
  }

  Result<std::optional<reconcile::Decoder>> decode(bool theirs, const Part& part) {
    SymbolsWanted wanted{.sent = theirs, .bits = part.bits, .part = part.part};
    services_.random.fill(wanted.key.bytes);  // after the sets stand: nobody could prepare for it
    SymbolSource own(theirs ? SetKind::taken : SetKind::sent, peer_, wanted);
    reconcile::Decoder decoder(wanted.key);
    while (!decoder.complete()) {
      wanted.from = decoder.symbols();
      if (wanted.from == symbols_of_part_max) return std::optional<reconcile::Decoder>();
      wanted.count = next_count(wanted.from);
      auto reading = begin_reading(own, wanted);  // both read their sets at the same time
      auto asked = ask_reconcile(federation_, peer_, {.ask = ReconcileAsk::symbols, .wanted = wanted});
      const auto ours = TRY(reading.get());
      const auto answer = TRY(std::move(asked));
      if (answer.symbols.size() != wanted.count)
        return fail(
            ErrorCode::invalid, "{} symbols were asked for, {} came", wanted.count, answer.symbols.size());
      TRY(decoder.add(answer.symbols, ours));
      TRY(count_symbols(wanted.count, answer.size + own.size()));
      report([&](ReconcileReport& report) { (theirs ? report.taken : report.sent) = own.size(); });
    }
    return std::optional(std::move(decoder));
  }

  /// Half as many again as before: little is read in vain, and few round trips are made.
  static std::uint32_t next_count(std::uint32_t from) {
    if (from == 0) return first_symbols;
    return std::min({from / 2, symbols_at_once_max, symbols_of_part_max - from});
  }

  using Symbols = Result<std::vector<reconcile::Symbol>>;

  /// Whoever calls waits for it, whatever else fails: it uses `own`.
  std::future<Symbols> begin_reading(SymbolSource& own, const SymbolsWanted& wanted) {
    const auto run = [this](const std::function<void()>& work) { federation_.run_beside(work); };
    return eventually(run, [this, &own, wanted]() -> Symbols {
      const std::shared_lock reading(federation_.reconciling().sets);
      return own.symbols(services_.store.records(), *federation_.known(), wanted.from, wanted.count);
    });
  }

  /// A peer that goes on for ever is stopped here: no more can differ than both sets hold.
  Done count_symbols(std::uint32_t count, std::uint64_t elements) {
    symbols_ += count;
    report([&](ReconcileReport& report) { report.symbols = symbols_; });
    if (symbols_ <= symbols_of_run_max &&
        symbols_ / symbols_per_element_max <= elements + symbols_at_once_max)
      return {};
    return fail(ErrorCode::exhausted, "its {} symbols tell no difference that could be settled", symbols_);
  }

  /// Statements of the peer: what it knows of and we lack, it tells again; what we hold and it does not know,
  /// it lost, and gets back. False: what is held here changed meanwhile.
  Result<bool> settle_theirs(const reconcile::Decoder& found) {
    for (auto rest = sorted(found.ours()); !rest.empty();) {
      const auto some = first_of(rest, elements_at_once_max);
      const auto held = TRY(held_of(services_, *federation_.known(), peer_, some));
      if (held.empty()) return false;
      const auto answer = TRY(ask_reconcile(federation_, peer_, {.ask = ReconcileAsk::keep, .held = held}));
      report([&](ReconcileReport& report) {
        report.given_back += answer.count;
        report.unsettled += held.size() - std::min<std::size_t>(held.size(), answer.count);
      });
      drop_first(rest, TRY(covered(some, held)));
    }
    for (auto rest = sorted(found.theirs()); !rest.empty();) {
      const auto some = first_of(rest, elements_at_once_max);
      const auto answer =
          TRY(ask_reconcile(federation_, peer_, {.ask = ReconcileAsk::again, .elements = some}));
      report([&](ReconcileReport& report) {
        report.asked_again += answer.count;
        report.unsettled += some.size() - std::min<std::size_t>(some.size(), answer.count);
      });
      drop_first(rest, some.size());
    }
    return true;
  }

  /// Statements of this node: the same the other way round. What comes back is taken first: what it replaces
  /// is not told again. False: what the peer holds changed meanwhile.
  Result<bool> settle_ours(const reconcile::Decoder& found) {
    const auto keys = TRY(federation_.keys());
    for (auto rest = sorted(found.theirs()); !rest.empty();) {
      const auto some = first_of(rest, elements_at_once_max);
      const auto answer =
          TRY(ask_reconcile(federation_, peer_, {.ask = ReconcileAsk::give, .elements = some}));
      if (answer.held.empty()) return false;
      const auto all = TRY(covered(some, answer.held));
      const auto back = TRY(take_back(services_, *federation_.known(), *keys, peer_, answer.held));
      report([&](ReconcileReport& report) {
        report.taken_back += back.statements;
        report.unsettled += answer.held.size() - std::min(answer.held.size(), back.statements);
      });
      drop_first(rest, all);
    }
    const auto told = TRY(tell_again(services_, *federation_.known(), *keys, peer_, found.ours()));
    report([&](ReconcileReport& report) {
      report.told_again += told.queued;
      report.unsettled += found.ours().size() - std::min(found.ours().size(), told.queued + told.waiting);
    });
    TRY(federation_.count({peer_}));
    return true;
  }

  /// Up to which of those asked for is given: the first ones, in their order, less what was replaced
  /// meanwhile.
  static Result<std::size_t> covered(const std::vector<Element>& asked,
                                     const std::vector<HeldStatement>& given) {
    std::size_t next = 0;
    for (const auto& one : given) {
      const auto statement = TRY(policy::decode_statement(one.statement.statement));
      const auto element = element_of(statement, one.statement.statement);
      while (next < asked.size() && asked[next] != element) ++next;
      if (next == asked.size()) return fail(ErrorCode::invalid, "it gives another statement than it told of");
      ++next;
    }
    return next;
  }

  static void drop_first(std::vector<Element>& rest, std::size_t count) {
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(std::min(rest.size(), count)));
  }
  static std::vector<Element> sorted(std::vector<Element> elements) {
    std::ranges::sort(elements);
    return elements;
  }
  static std::vector<Element> first_of(const std::vector<Element>& all, std::size_t most) {
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()))};
  }

  Federation& federation_;
  api::Services& services_;
  OrganisationId peer_;
  std::uint64_t symbols_ = 0;
};

/// Takes what a reading took from the peer's share. errors: exhausted: nothing is left
Done take_share(Federation& federation, const OrganisationId& peer, double seconds_taken) {
  const auto now = federation.services().clock.steady().us;
  return federation.reconciling().shares.with([&](auto& shares) -> Done {
    auto [found, fresh] = shares.try_emplace(peer);
    auto& share = found->second;
    if (fresh) share = {share_max_s, now};
    share.left_s =
        std::min(share_max_s, share.left_s + share_per_s * static_cast<double>(now - share.at_us) / 1e6);
    share.at_us = now;
    if (seconds_taken == 0 && share.left_s <= 0)
      return fail(ErrorCode::exhausted, "reconciliation took its share of this node's time; go on later");
    share.left_s -= seconds_taken;
    return {};
  });
}

/// The session that the peer goes on with, or a new one in the place of the oldest.
std::shared_ptr<Guarded<SymbolSource>> source_for(Federation& federation,
                                                  const OrganisationId& peer,
                                                  const SymbolsWanted& wanted) {
  const auto now = federation.services().clock.steady().us;
  return federation.reconciling().sessions.with([&](auto& sessions) {
    auto& session = sessions[peer];
    session.used_us = now;
    const auto same = [&](const SymbolSource& source) { return source.is_of(wanted); };
    if (!session.source || !session.source->with(same))
      session.source =
          std::make_shared<Guarded<SymbolSource>>(wanted.sent ? SetKind::sent : SetKind::taken, peer, wanted);
    const auto source = session.source;
    if (sessions.size() > sessions_max)
      sessions.erase(
          std::ranges::min_element(sessions, {}, [](const auto& one) { return one.second.used_us; }));
    return source;
  });
}

}  // namespace

Result<ReconcileAnswer> ask_reconcile(Federation& federation,
                                      const OrganisationId& peer,
                                      const ReconcileRequest& request) {
  const auto response =
      TRY(federation.call(peer, net::Method::post, "/federation/reconcile", encode(request), exchange_time));
  auto answer = TRY(decode_reconcile_answer(response.bytes()));
  if (answer.ask != request.ask)
    return fail(ErrorCode::invalid, "it answers another question than was asked");
  return answer;
}

Done run_reconcile(Federation& federation, const OrganisationId& peer) {
  return Run(federation, peer).run();
}

Result<ReconcileAnswer> answer_symbols(Federation& federation,
                                       const OrganisationId& peer,
                                       const SymbolsWanted& wanted) {
  TRY(take_share(federation, peer, 0));
  const auto begun = federation.services().clock.steady().us;
  const auto source = source_for(federation, peer, wanted);
  ReconcileAnswer answer{.ask = ReconcileAsk::symbols};
  auto symbols = source->with([&](SymbolSource& from) {
    const std::shared_lock reading(federation.reconciling().sets);
    auto read =
        from.symbols(federation.services().store.records(), *federation.known(), wanted.from, wanted.count);
    answer.size = from.size();
    return read;
  });
  answer.symbols = TRY(std::move(symbols));
  TRY(take_share(
      federation, peer, static_cast<double>(federation.services().clock.steady().us - begun) / 1e6));
  return answer;
}

}  // namespace shieldwall::exchange::federation
