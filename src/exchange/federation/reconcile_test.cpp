#include "exchange/federation/reconcile.h"

#include <algorithm>

#include "exchange/federation/again.h"
#include "exchange/federation/federation_world.h"
#include "exchange/federation/take_back.h"
#include "ledger/audit.h"

using namespace shieldwall;
using namespace shieldwall::exchange::federation;
namespace reconcile = shieldwall::exchange::reconcile;

namespace {

struct Pair {
  FederationWorld world;
  TestNode& a{world.node("a")};
  TestNode& b{world.node("b")};
  TestNode& c{world.node("c")};

  Pair() { world.alliance({&a, &b, &c}); }

  void release(TestNode& node) {
    while (*node.federation->release()) {
    }
  }
  /// What was released and not fetched is lost on the way: the receiver's place is moved over it.
  void lose_on_the_way(TestNode& from, TestNode& to) {
    const auto stand = *out_stand(from.store->records(), to.home);
    const store::Write write{.table = ledger::peer_table,
                             .key = in_key(from.home),
                             .value = encode(stand),
                             .expected = std::nullopt};
    REQUIRE(to.store->records().write({&write, 1}));
    REQUIRE(from.federation->note(to.home, *ack_of(to, from)));
  }
  Result<Ack> ack_of(TestNode& by, TestNode& from) {
    return ack_for(by.services, *by.federation->known(), **by.federation->keys(), from.home);
  }
  Bytes symbols_for(TestNode& of, TestNode& peer) {
    const ReconcileRequest request{.ask = ReconcileAsk::symbols,
                                   .wanted = {.sent = true, .key = {}, .from = 0, .count = 200}};
    of.federation->reconciling().sessions.with([](auto& sessions) { sessions.clear(); });  // read anew
    return encode(*answer_reconcile(*of.federation, peer.home, request));
  }
};

/// All rows of a node's own statements and of what was put since: as a restored backup lacks them.
struct Backup {
  std::vector<std::pair<store::Table, std::vector<store::Record>>> tables;
};
Backup backup_of(TestNode& node) {
  Backup backup;
  for (const auto table :
       {ledger::outbox_table, ledger::statement_table, ledger::peer_table, store::Table::cursor})
    backup.tables.emplace_back(table, *node.store->records().scan(table, "", "", 1'000'000));
  return backup;
}
void restore(TestNode& node, const Backup& backup) {
  for (const auto& [table, rows] : backup.tables) {
    std::vector<store::Write> writes;
    const auto present = *node.store->records().scan(table, "", "", 1'000'000);
    for (const auto& now : present)
      writes.push_back({.table = table, .key = now.key, .value = std::nullopt, .expected = std::nullopt});
    for (const auto& row : rows)
      writes.push_back({.table = table, .key = row.key, .value = row.value, .expected = std::nullopt});
    REQUIRE(node.store->records().write(writes));
  }
}

/// What the node took of the other's statements, as its set holds it.
std::vector<reconcile::Element> taken_of(TestNode& node, TestNode& origin) {
  std::vector<reconcile::Element> elements;
  REQUIRE(each_entry(
      node.store->records(),
      SetKind::taken,
      [&](const OrganisationId& one) { return one == origin.home; },
      [&](const SetEntry& entry) { elements.push_back(entry.element); }));
  return elements;
}

/// As if the node had never signed any.
void forget_statements(TestNode& node) {
  const auto rows = *node.store->records().scan(ledger::statement_table, "", "", 1000);
  for (const auto& row : rows) {
    const store::Write gone{
        .table = ledger::statement_table, .key = row.key, .value = std::nullopt, .expected = std::nullopt};
    REQUIRE(node.store->records().write({&gone, 1}));
  }
}

/// A store in which every other write of rows finds them changed by somebody else.
class OutrunStore final : public store::Store {
 public:
  explicit OutrunStore(store::Store& inner) : inner_(inner), records_(inner.records()) {}
  store::Objects& objects() override { return inner_.objects(); }
  store::Records& records() override { return records_; }
  store::Blobs& blobs() override { return inner_.blobs(); }
  store::Settings& settings() override { return inner_.settings(); }
  store::Log& audit() override { return inner_.audit(); }
  Done backup(const std::string& path) override { return inner_.backup(path); }
  Result<std::vector<std::string>> check() override { return inner_.check(); }

 private:
  class Rows final : public store::Records {
   public:
    explicit Rows(store::Records& inner) : inner_(inner) {}
    Done write(std::span<const store::Write> batch) override {
      outrun_ = !outrun_;
      if (outrun_) return fail(ErrorCode::conflict, "another one was faster");
      return inner_.write(batch);
    }
    Result<store::Record> read(store::Table table, std::string_view key) override {
      return inner_.read(table, key);
    }
    Result<std::vector<store::Record>> scan(store::Table table,
                                            std::string_view prefix,
                                            std::string_view after,
                                            int limit) override {
      return inner_.scan(table, prefix, after, limit);
    }
    Result<bool> expire(Timestamp now) override { return inner_.expire(now); }

   private:
    store::Records& inner_;
    bool outrun_ = false;
  };

  store::Store& inner_;
  Rows records_;
};

}  // namespace

TEST_CASE("what was lost on its way to a member is found by its set and told again, and nothing else") {
  for (const bool asked_by_sender : {true, false}) {
    Pair pair;
    std::vector<model::ObjectId> kept;
    std::vector<model::ObjectId> lost;
    for (int i = 0; i < 30; ++i) kept.push_back(pair.a.share("kept.example"));
    pair.world.settle();
    for (int i = 0; i < 20; ++i) lost.push_back(pair.a.share("lost.example"));
    pair.release(pair.a);
    pair.lose_on_the_way(pair.a, pair.b);
    pair.world.settle();
    for (const auto& id : lost) REQUIRE_FALSE(pair.b.has(id));
    auto& asker = asked_by_sender ? pair.a : pair.b;
    auto& other = asked_by_sender ? pair.b : pair.a;
    REQUIRE(wish_reconcile(*asker.federation, other.home, "asked for", false));
    const auto before = out_stand(pair.a.store->records(), pair.b.home)->last;
    pair.world.settle();
    for (const auto& id : lost) CHECK(pair.b.has(id));
    for (const auto& id : kept) CHECK(pair.b.has(id));
    // Twenty, and one epoch key to read them by.
    CHECK(out_stand(pair.a.store->records(), pair.b.home)->last == before + 21);
    const auto report = reconcile_report(*asker.federation, other.home);
    CHECK(report.state == ReconcileState::done);
    CHECK(report.differences == 20);
    CHECK(report.unsettled == 0);
  }
}

TEST_CASE("two that reconciled have what was told again, not only asked for it") {
  for (const bool sender_calls : {true, false}) {
    Pair pair;
    const auto kept = pair.a.share("kept.example");
    pair.world.settle();
    const auto lost = pair.a.share("lost.example");
    pair.release(pair.a);
    pair.lose_on_the_way(pair.a, pair.b);
    REQUIRE(pair.b.has(kept));
    REQUIRE_FALSE(pair.b.has(lost));
    auto& caller = sender_calls ? pair.a : pair.b;
    auto& called = sender_calls ? pair.b : pair.a;
    REQUIRE(wish_reconcile(*pair.b.federation, pair.a.home, "restored", true));
    REQUIRE(reconcile_now(*caller.federation, called.home));
    CHECK(may_release(*pair.b.federation));
    CHECK(pair.b.has(lost));
  }
}

TEST_CASE("a restored node waits for its members whatever else makes it wish to reconcile") {
  Pair pair;
  pair.world.settle();
  REQUIRE(wish_reconcile(*pair.a.federation, pair.b.home, "restored", true));
  REQUIRE(wish_reconcile(*pair.a.federation, pair.b.home, "it has more deliveries", false));
  CHECK_FALSE(may_release(*pair.a.federation));
  pair.world.clock.advance(restore_wait);
  CHECK(may_release(*pair.a.federation));
  REQUIRE(wish_reconcile(*pair.a.federation, pair.b.home, "restored once more", true));
  CHECK_FALSE(may_release(*pair.a.federation));
}

TEST_CASE("a member whose keys were lost too reads what is told again") {
  Pair pair;
  const auto lost = pair.a.share("lost.example");
  pair.release(pair.a);
  pair.lose_on_the_way(pair.a, pair.b);  // the epoch key was on the way as well
  auto keys = **pair.b.federation->keys();
  REQUIRE(ledger::roll_over(keys, pair.world.random));
  pair.b.shelf.of<ledger::KeyRing>().set(keys);
  REQUIRE(renew_entry(*pair.b.federation));
  REQUIRE(wish_reconcile(*pair.a.federation, pair.b.home, "asked for", false));
  pair.world.settle();
  CHECK(pair.b.has(lost));
}

TEST_CASE("a restored node gets back what it shared since, and what it recalled since stays recalled") {
  Pair pair;
  const auto old = pair.a.share("old.example");
  const auto regretted = pair.a.share("regretted.example");
  pair.world.settle();
  const auto backup = backup_of(pair.a);
  std::vector<model::ObjectId> since;
  for (int i = 0; i < 10; ++i) since.push_back(pair.a.share("since.example"));
  pair.world.settle();
  store::Query query;
  query.ids = {regretted};
  const auto kept = *pair.a.store->objects().get(pair.a.scope(), regretted);
  REQUIRE(*pair.a.store->objects().remove(pair.a.scope(), query) == 1);
  pair.world.settle();
  REQUIRE_FALSE(pair.b.has(regretted));
  // The disk is lost, and the backup knows of nothing since.
  for (const auto& id : since) {
    query.ids = {id};
    REQUIRE(*pair.a.store->objects().remove(pair.a.scope(), query) == 1);
  }
  const store::NewHolding again{
      .object = *model::read_object(model::JsonDocument::parse(*kept.bytes)->root()),
      .text = {},
      .source = kept.source,
      .collection = *kept.collection,
      .label = kept.label,
      .parts = {}};
  REQUIRE(pair.a.store->objects().put({&again, 1}, Deadline::none()));
  restore(pair.a, backup);
  const auto cursor = std::to_string(pair.a.store->objects().newest());
  const store::Write moved{
      .table = store::Table::cursor, .key = "federation/changes", .value = cursor, .expected = std::nullopt};
  REQUIRE(pair.a.store->records().write({&moved, 1}));
  REQUIRE(pair.a.has(regretted));
  pair.a.federation = std::make_unique<Federation>(pair.a.services, pair.a.federation->options());
  pair.a.shelf.of<FederationHandle>().at = pair.a.federation.get();
  REQUIRE(pair.a.federation->refresh());
  REQUIRE(reconcile_after_restore(*pair.a.federation));
  CHECK_FALSE(may_release(*pair.a.federation));
  pair.world.settle();
  CHECK(may_release(*pair.a.federation));
  CHECK_FALSE(pair.a.has(regretted));
  CHECK_FALSE(pair.b.has(regretted));
  CHECK_FALSE(pair.c.has(regretted));
  for (const auto& id : since) {
    CHECK(pair.a.has(id));
    CHECK(pair.b.has(id));
  }
  CHECK(pair.a.has(old));
  // Nobody was told anything a second time, and what is shared from now on arrives.
  const auto sent = out_stand(pair.a.store->records(), pair.b.home)->last;
  const auto fresh = pair.a.share("fresh.example");
  pair.world.settle();
  CHECK(pair.b.has(fresh));
  CHECK(pair.c.has(fresh));
  CHECK(out_stand(pair.a.store->records(), pair.b.home)->last <= sent + 2);
  // What came back can be recalled as ever.
  query.ids = {since.front()};
  REQUIRE(*pair.a.store->objects().remove(pair.a.scope(), query) == 1);
  pair.world.settle();
  CHECK_FALSE(pair.b.has(since.front()));
  CHECK_FALSE(pair.c.has(since.front()));
}

TEST_CASE("what a member may not see changes no byte of what it is told in a reconciliation") {
  Pair pair;
  for (int i = 0; i < 20; ++i) pair.a.share("all.example");
  pair.world.settle();
  const auto before = pair.symbols_for(pair.a, pair.b);
  const auto for_c = pair.symbols_for(pair.a, pair.c);
  pair.a.share("own.example", [&](policy::Label& label) { label.audience = {{pair.a.home, {}}}; });
  pair.a.share("to-c.example", [&](policy::Label& label) {
    const auto roster = ledger::alliance_named(pair.a.store->records(), "shield")->roster;
    label.audience = {{pair.a.home,
                       policy::AllianceAudience{.alliance = roster.alliance,
                                                .roster_version = roster.version,
                                                .nations = {},
                                                .organisations = {pair.c.home}}}};
  });
  pair.world.settle();
  CHECK(pair.symbols_for(pair.a, pair.b) == before);
  CHECK(pair.symbols_for(pair.a, pair.c) != for_c);
  // Asked for by who knows its name all the same: nothing, as for a name that nobody made.
  std::vector<reconcile::Element> named;
  REQUIRE(each_entry(
      pair.a.store->records(),
      SetKind::sent,
      [&](const OrganisationId& one) { return one == pair.c.home; },
      [&](const SetEntry& entry) { named.push_back(entry.element); }));
  REQUIRE(each_entry(
      pair.a.store->records(),
      SetKind::sent,
      [&](const OrganisationId& one) { return one == pair.b.home; },
      [&](const SetEntry& entry) { std::erase(named, entry.element); }));
  REQUIRE(named.size() == 1);
  const ReconcileRequest hidden{.ask = ReconcileAsk::again, .elements = named};
  const ReconcileRequest absent{.ask = ReconcileAsk::again, .elements = {reconcile::Element{}}};
  CHECK(encode(*answer_reconcile(*pair.a.federation, pair.b.home, hidden)) ==
        encode(*answer_reconcile(*pair.a.federation, pair.b.home, absent)));
}

TEST_CASE("a member of the version before is spoken to in its version, which knows no reconciliation") {
  Pair pair;
  Hello older{.oldest = 1, .newest = 1};
  CHECK(*version_for(Hello{}, older) == 1);
  CHECK(*version_for(older, Hello{}) == 1);
}

TEST_CASE("who tells wrong symbols, or symbols without end, is stopped, named, and left for a while") {
  for (const bool endless : {true, false}) {
    Pair pair;
    pair.a.share("one.example");
    pair.world.settle();
    std::size_t asked = 0;
    pair.world.sim.shut("a", 8444);
    pair.world.sim.listen("a", 8444, [&](net::Request&& request) {
      if (request.target != "/federation/reconcile") return pair.a.answer(std::move(request));
      ++asked;
      const auto question = *decode_reconcile_request(request.body);
      ReconcileAnswer answer{.ask = question.ask, .due = true};
      for (std::uint32_t i = 0; question.ask == ReconcileAsk::symbols && i < question.wanted.count; ++i) {
        reconcile::Symbol symbol{.count = endless ? 7 : 1};
        pair.world.random.fill(symbol.sum.bytes);
        symbol.hashes = hash_of(question.wanted.key, symbol.sum);
        answer.symbols.push_back(symbol);
      }
      return net::Response{.status = 200, .body = encode(answer)};
    });
    REQUIRE(wish_reconcile(*pair.b.federation, pair.a.home, "asked for", false));
    pair.world.settle();
    const auto report = reconcile_report(*pair.b.federation, pair.a.home);
    CHECK(report.state == ReconcileState::failed);
    MESSAGE(report.why, " after ", asked, " questions");
    CHECK(asked < 4'000);
    const auto once = asked;
    pair.world.settle();
    CHECK(asked == once);  // not again at once
    auto& audit = pair.b.store->audit();
    const auto entries = *audit.read(0, 1000);
    CHECK(std::ranges::any_of(entries, [&](const store::LogEntry& entry) {
      return entry.entry.find("federation.reconcile_refused") != std::string::npos &&
             entry.entry.find(pair.a.home.text()) != std::string::npos;
    }));
    // Deliveries by number go on.
    const auto later = pair.a.share("later.example");
    pair.world.settle();
    CHECK(pair.b.has(later));
  }
}

TEST_CASE("what is replaced while two reconcile is looked at once more, and who never gives it is named") {
  for (const int empty_answers : {1, 1'000}) {
    Pair pair;
    pair.world.settle();
    const auto backup = backup_of(pair.b);
    pair.b.share("since.example");
    pair.world.settle();
    restore(pair.b, backup);
    pair.b.federation = std::make_unique<Federation>(pair.b.services, pair.b.federation->options());
    pair.b.shelf.of<FederationHandle>().at = pair.b.federation.get();
    REQUIRE(pair.b.federation->refresh());
    int asked = 0;
    pair.world.sim.shut("a", 8444);
    pair.world.sim.listen("a", 8444, [&](net::Request&& request) {
      if (request.target == "/federation/reconcile" &&
          decode_reconcile_request(request.body)->ask == ReconcileAsk::give && asked++ < empty_answers)
        return net::Response{.status = 200, .body = encode(ReconcileAnswer{.ask = ReconcileAsk::give})};
      return pair.a.answer(std::move(request));
    });
    const auto done = reconcile_now(*pair.b.federation, pair.a.home);
    const auto report = reconcile_report(*pair.b.federation, pair.a.home);
    CHECK(done.has_value() == (empty_answers == 1));
    CHECK(report.taken_back == (empty_answers == 1 ? 1 : 0));
    CHECK(asked == (empty_answers == 1 ? 2 : 3));
  }
}

TEST_CASE("a statement that comes back altered, or was never signed here, is not believed") {
  Pair pair;
  const auto id = pair.a.share("one.example");
  pair.b.share("theirs.example");
  pair.world.settle();
  const auto elements = taken_of(pair.b, pair.a);
  auto held = *held_of(pair.b.services, *pair.b.federation->known(), pair.a.home, elements);
  REQUIRE(held.size() == 1);
  CHECK(held.front().object == *pair.a.store->objects().get(pair.a.scope(), id)->bytes);
  const auto backup = backup_of(pair.a);
  forget_statements(pair.a);
  const auto known = pair.a.federation->known();
  const auto keys = *pair.a.federation->keys();
  const auto take = [&](const std::vector<HeldStatement>& some) {
    return take_back(pair.a.services, *known, *keys, pair.b.home, some);
  };
  auto altered = held;
  altered.front().object.back() = ' ';
  CHECK(take(altered).error().message.find("commit") != std::string::npos);
  auto forged = held;
  forged.front().statement.signature[3] ^= 1;
  CHECK(take(forged).error().message.find("signature") != std::string::npos);
  const auto theirs =
      *held_of(pair.c.services, *pair.c.federation->known(), pair.b.home, taken_of(pair.c, pair.b));
  REQUIRE(theirs.size() == 1);
  CHECK(take(theirs).error().message.find("not of this node") != std::string::npos);
  CHECK(take(held)->statements == 1);
  CHECK(take(held)->statements == 0);  // once
}

TEST_CASE("a statement comes back however often others, who give back the same, were faster") {
  Pair pair;
  for (int i = 0; i < 30; ++i) pair.a.share("one.example");
  pair.world.settle();
  const auto elements = taken_of(pair.b, pair.a);
  const auto held = *held_of(pair.b.services, *pair.b.federation->known(), pair.a.home, elements);
  REQUIRE(held.size() == 30);
  forget_statements(pair.a);
  OutrunStore outrun(*pair.a.store);
  api::Services services{.store = outrun,
                         .clock = pair.a.services.clock,
                         .random = pair.a.services.random,
                         .fs = pair.a.services.fs,
                         .net = pair.a.services.net,
                         .sealer = pair.a.services.sealer,
                         .shelf = pair.a.services.shelf};
  const auto back =
      take_back(services, *pair.a.federation->known(), **pair.a.federation->keys(), pair.b.home, held);
  REQUIRE(back);
  CHECK(back->statements == 30);
}

TEST_CASE("small rows of a set are joined, and what was replaced cancels out") {
  Pair pair;
  auto& records = pair.a.store->records();
  std::vector<reconcile::Element> elements(600);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    pair.world.random.fill(elements[i].bytes);
    SetBatch batch(SetKind::sent);
    batch.add({pair.b.home}, elements[i]);
    if (i % 2 == 1) batch.add({pair.b.home}, elements[i - 1], -1);
    REQUIRE(records.write(*batch.take(records, pair.world.clock.now(), pair.world.random)));
  }
  const auto rows = [&] { return records.scan(ledger::statement_table, "set/sent/", "", 10'000)->size(); };
  const auto sum = [&] {
    std::map<reconcile::Element, int> counts;
    REQUIRE(each_entry(
        records,
        SetKind::sent,
        [&](const OrganisationId& one) { return one == pair.b.home; },
        [&](const SetEntry& entry) { counts[entry.element] += entry.sign; }));
    std::erase_if(counts, [](const auto& one) { return one.second == 0; });
    return counts;
  };
  const auto before = sum();
  CHECK(before.size() == 300);
  tend_sets(*pair.a.federation);
  CHECK(rows() < 100);
  CHECK(sum() == before);
}

TEST_CASE("a store of before gets its sets from its rows, once") {
  Pair pair;
  for (int i = 0; i < 5; ++i) pair.a.share("one.example");
  pair.world.settle();
  const auto symbols = pair.symbols_for(pair.a, pair.b);
  auto& records = pair.a.store->records();
  const auto rows = *records.scan(ledger::statement_table, "set/", "", 1000);
  for (const auto& row : rows) {
    const store::Write gone{
        .table = ledger::statement_table, .key = row.key, .value = std::nullopt, .expected = std::nullopt};
    REQUIRE(records.write({&gone, 1}));
  }
  Federation anew(pair.a.services, pair.a.federation->options());
  REQUIRE(anew.refresh());
  CHECK(encode(*answer_reconcile(
            anew, pair.b.home, {.ask = ReconcileAsk::symbols, .wanted = {.from = 0, .count = 200}})) ==
        symbols);
  REQUIRE(build_sets(records, pair.world.clock.now(), pair.world.random));
  CHECK(pair.symbols_for(pair.a, pair.b) == symbols);
}

TEST_CASE("two versions of an object that come at once are one release, the second behind the first") {
  Pair pair;
  const auto circle = *ledger::circle_by_name(pair.a.store->records(), pair.a.home, "shield");
  const auto id = "indicator--" + Uuid::random(pair.world.random).text();
  const auto version = [&](int day) {
    return fmt::format(
        R"({{"type":"indicator","spec_version":"2.1","id":"{}","created":"2023-11-14T00:00:00.000Z",)"
        R"("modified":"2023-11-{}T00:00:00.000Z","pattern":"[domain-name:value = 'v{}']","pattern_type":"stix",)"
        R"("valid_from":"2023-11-14T00:00:00Z"}})",
        id,
        day,
        day);
  };
  const auto object = pair.a.put(version(14), circle.value);
  pair.a.put(version(15), circle.value);
  pair.a.put(version(16), circle.value);
  pair.world.settle();
  CHECK(pair.b.store->objects().get(pair.b.scope(), object)->bytes->find("v16") != std::string::npos);
  const auto rows = *pair.a.store->records().scan(ledger::statement_table, own_prefix(object), "", 10);
  CHECK(rows.size() == 1);
  CHECK_FALSE(pair.b.store->records().scan(ledger::statement_table, "refused/", "", 10)->size() > 0);
}

TEST_CASE("a member that comes back after long is told all of what it missed") {
  Pair pair;
  const auto suspension = write_of(Suspension{.member = pair.b.home, .at = pair.world.clock.now()});
  REQUIRE(pair.a.store->records().write({&suspension, 1}));
  REQUIRE(pair.a.federation->refresh());
  std::vector<model::ObjectId> missed;
  for (int i = 0; i < 300; ++i) missed.push_back(pair.a.share("missed.example"));
  pair.release(pair.a);
  const auto end = end_of_suspension(pair.b.home);
  REQUIRE(pair.a.store->records().write({&end, 1}));
  REQUIRE(pair.a.federation->refresh());
  REQUIRE(release_again(
      pair.a.services, *pair.a.federation->known(), **pair.a.federation->keys(), pair.b.home, 0));
  REQUIRE(pair.a.federation->refresh());
  pair.world.settle();
  CHECK(std::ranges::all_of(missed, [&](const model::ObjectId& id) { return pair.b.has(id); }));
}
