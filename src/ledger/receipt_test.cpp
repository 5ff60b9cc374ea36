#include "ledger/receipt.h"

#include <doctest/doctest.h>

#include "api/seal.h"
#include "api/shelf.h"
#include "crash_fs.h"
#include "ledger/delivered.h"
#include "ledger/log/verify.h"
#include "ledger/organisation.h"
#include "node_world.h"

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

/// A log whose tiles are asked as an auditor asks.
class AskedLog final : public LogSource {
 public:
  explicit AskedLog(const NodeLog& log) : log_(log) {}
  Result<Bytes> get(const std::string& path) override {
    if (changed.contains(path)) return changed[path];
    if (path == "checkpoint") return write_note(*log_.checkpoint());
    return log_.tile(TRY(TileName::parse(path)));
  }

  std::map<std::string, Bytes> changed;

 private:
  const NodeLog& log_;
};

/// A store with a log beside it, and a caller of a partner.
struct World {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random{5};
  tests::CrashFs fs;
  tests::NoNet net;
  std::unique_ptr<store::Store> store = *store::open_memory({clock, random, fs});
  api::Sealer sealer{std::string(api::Sealer::key_bytes, 'k'), random};
  api::Shelf shelf;
  api::Services services{*store, clock, random, fs, net, sealer, &shelf};
  OrganisationId cert = OrganisationId::random(random);
  OrganisationId partner = OrganisationId::random(random);
  std::unique_ptr<NodeLog> log;

  World() {
    open();
    for (const auto& [id, name] : {std::pair{cert, "CERT"}, std::pair{partner, "Partner"}}) {
      const Organisation one{.id = id, .name = name, .hosted = true, .identity = identity_of(id)};
      const auto write = *write_of(one, 0);
      REQUIRE(store->records().write({&write, 1}));
    }
  }

  void open() {
    const auto key = *SigningKey::from_seed(std::string(SigningKey::seed_bytes, 'k'));
    NodeLog::Options options{
        .folder = "log",
        .signers = *signers_of("cert.example/log", NoteKeyType::ed25519, key)};
    options.keep = [this](std::span<const Opening> openings) {
      return keep_openings(store->records(), openings);
    };
    log.reset();
    log = *NodeLog::open(std::move(options), fs);
    shelf.of<LogOnShelf>().log = log.get();
  }

  api::Call call(std::string name = "bob") {
    policy::Subject subject;
    subject.own.organisation = partner;
    return {services,
            request,
            {},
            {},
            api::Caller{.account = AccountId{Uuid::named(Uuid{}, name)},
                        .name = std::move(name),
                        .organisation = partner,
                        .rights = {},
                        .scope = policy::Scope::of(std::move(subject))},
            clock.now(),
            Deadline::none()};
  }

  std::vector<DeliveredVersion> versions(int count) {
    auto label = policy::owner_only(cert);
    label.tlp = policy::Tlp::amber;
    std::vector<DeliveredVersion> list;
    for (int i = 0; i < count; ++i)
      list.push_back(
          {{"indicator", Uuid::random(random)}, clock.now(), *noted_label(call().services, label)});
    return list;
  }

  net::Request request{};
};

}  // namespace

TEST_CASE("a delivery stands in the log before its answer leaves, and in the records soon after") {
  World world;
  const auto versions = world.versions(3);
  REQUIRE(note_delivery(world.call(), "taxii", versions));
  CHECK(world.log->size() == 1);
  CHECK(deliveries_to(world.store->records(), world.partner, {}, 10)->empty());
  REQUIRE(note_delivery(world.call(), "taxii", versions));  // the same again is counted
  REQUIRE(note_delivery(world.call("carol"), "taxii", versions));
  CHECK(world.log->size() == 2);
  REQUIRE(world.log->publish());
  const auto kept = *deliveries_to(world.store->records(), world.partner, {}, 10);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].logged);
  CHECK(kept[0].versions == versions);
  world.clock.advance(seconds(2));
  REQUIRE(note_delivery(world.call(), "taxii", versions));
  CHECK(deliveries_of(world.store->records(), versions[1].id, 10)->front().times +
            deliveries_of(world.store->records(), versions[1].id, 10)->back().times ==
        4);
}

TEST_CASE("a delivery that a crash kept from the records is there after the start") {
  World world;
  const auto versions = world.versions(2);
  REQUIRE(note_delivery(world.call(), "taxii", versions));
  world.log.reset();
  world.fs.restart(world.random);
  world.open();
  CHECK(deliveries_of(world.store->records(), versions[0].id, 10)->size() == 1);
  world.shelf.of<LogOnShelf>().log = world.log.get();
}

TEST_CASE("a receipt shows one object of an answer to whoever has the log's key, and nothing else of it") {
  World world;
  const auto versions = world.versions(7);
  REQUIRE(note_delivery(world.call(), "taxii", versions));
  REQUIRE(world.log->publish());
  const auto delivery = deliveries_of(world.store->records(), versions[4].id, 10)->front();
  const auto receipt = receipt_for(*world.log, delivery, versions[4].id);
  REQUIRE(receipt);
  const auto text = receipt->text();
  CHECK(text.find(to_base64(versions[3].id.uuid.view()).substr(0, 12)) == std::string::npos);
  const auto checked = check_receipt(*ProofFile::parse(text), world.log->key());
  REQUIRE(checked);
  CHECK(checked->delivery.name == "bob");
  CHECK(checked->delivery.organisation == world.partner);
  CHECK(checked->delivery.first == delivery.first);
  CHECK(checked->delivery.versions == std::vector{versions[4]});

  // Every byte of it counts.
  for (std::size_t i = 0; i < receipt->extra->size(); i += 7) {
    CAPTURE(i);
    auto changed = *receipt;
    (*changed.extra)[i] = static_cast<char>((*changed.extra)[i] ^ 1);
    CHECK(!check_receipt(changed, world.log->key()));
  }
  auto elsewhere = *receipt;
  elsewhere.index = 1;
  CHECK(!check_receipt(elsewhere, world.log->key()));
}

TEST_CASE("an auditor who reads a whole log names the place where it was changed") {
  World world;
  std::vector<NewEntry> entries(600);
  for (auto& entry : entries) entry.entry = commit(world.random.bytes(40), world.random).entry();
  entries[9].entry = *clear_entry("key", "in clear");
  REQUIRE(world.log->append(entries));
  REQUIRE(world.log->publish());
  AskedLog asked(*world.log);
  const auto verified = verify_log(asked, world.log->key());
  REQUIRE(verified);
  CHECK(verified->checkpoint.size == 600);
  CHECK(verified->commitments == 599);
  CHECK(verified->clear == 1);
  for (const auto* path : {"tile/0/000",
                           "tile/0/001",
                           "tile/0/002.p/88",
                           "tile/1/000.p/2",
                           "tile/entries/001",
                           "tile/entries/002.p/88"}) {
    CAPTURE(path);
    asked.changed.clear();
    auto bytes = *asked.get(path);
    bytes[bytes.size() / 2] ^= 1;
    asked.changed[path] = bytes;
    const auto found = verify_log(asked, world.log->key());
    REQUIRE(!found);
    CHECK(found.error().code == ErrorCode::corrupt);
    CHECK(found.error().message.find("tile/") != std::string::npos);
  }
  asked.changed = {{"tile/0/001", Bytes(31, 'x')}};
  CHECK(verify_log(asked, world.log->key()).error().code == ErrorCode::corrupt);
}

TEST_CASE("who got an object is told in words that name account, organisation, time and label, signed") {
  World world;
  const auto versions = world.versions(1);
  REQUIRE(note_delivery(world.call("bo\x1b[1mb"), "taxii", versions));
  const auto call = world.call();
  const auto answer = delivered_answer(call, versions[0].id, world.cert, {});
  REQUIRE(answer);
  REQUIRE(answer->deliveries.size() == 1);
  const auto text = text_of(*answer);
  for (const auto* part : {"Partner (",
                           "by the door \"taxii\", first at 2023-11-14T22:13:20.000000Z",
                           "TLP:AMBER, of CERT (",
                           "It is entry 0 of the log.",
                           "What cannot be known here"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  const Note note{text, {world.log->sign(text)}};
  const auto again = read_note(write_note(note));
  REQUIRE(again);
  CHECK(*signed_by(*again, world.log->key()));
  CHECK(!open_checkpoint(*again, world.log->key()));  // nobody can take it for a checkpoint

  // Its owner is answered; somebody who owns no label of it learns nothing.
  CHECK(delivered_answer(call, versions[0].id, world.cert, world.cert)->deliveries.size() == 1);
  CHECK(delivered_answer(call, versions[0].id, world.cert, world.partner)->deliveries.empty());
}
