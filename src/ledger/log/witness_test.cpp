#include "ledger/log/witness.h"

#include <doctest/doctest.h>

#include "crash_fs.h"
#include "ledger/log/node_log.h"

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

SigningKey key_of(char letter) {
  return *SigningKey::from_seed(std::string(SigningKey::seed_bytes, letter));
}

/// A log that can be put back to an earlier state, and a witness of it on another disk.
struct World {
  tests::CrashFs log_fs;
  tests::CrashFs witness_fs;
  Timestamp now{1'700'000'000'000'000};
  NoteKey log_key = *NoteKey::make("a.example/log", NoteKeyType::ed25519, key_of('a').verify_key());
  NoteKey witness_key = *NoteKey::make("w.example", NoteKeyType::cosignature, key_of('w').verify_key());
  Witness::Defect defect = Witness::Defect::none;
  std::unique_ptr<Witness> witness;

  World() { start(); }

  void start() {
    Witness::Options options{.folder = "witness", .signers = {{witness_key, key_of('w')}}, .defect = defect};
    options.logs = [this](const std::string& origin) {
      return origin == "a.example/log" ? std::vector{log_key} : std::vector<NoteKey>{};
    };
    witness = std::make_unique<Witness>(std::move(options), witness_fs);
  }

  std::unique_ptr<NodeLog> log(const std::string& folder = "log") {
    return *NodeLog::open({.folder = folder, .signers = {{log_key, key_of('a')}}}, log_fs);
  }

  WitnessPeer peer() {
    return {.key = witness_key,
            .send = [this](const std::string& body) -> Result<std::pair<int, std::string>> {
              const auto answer = witness->add_checkpoint(body, now);
              return std::pair{answer.status, answer.body};
            },
            .cosigned_last = [this]() -> Result<std::string> {
              const auto note = TRY(witness->last("a.example/log"));
              if (!note) return fail(ErrorCode::not_found, "nothing was cosigned");
              return write_note(*note);
            },
            .log_keys = {log_key}};
  }
};

void grow(NodeLog& log, int count, std::string_view what = "entry") {
  for (int i = 0; i < count; ++i) {
    const NewEntry entry{.entry = fmt::format("{} {} {}", what, log.size(), i)};
    REQUIRE(log.append({&entry, 1}));
  }
  REQUIRE(log.publish());
}

AddCheckpoint request_of(const NodeLog& log, std::uint64_t old_size) {
  AddCheckpoint request{.old_size = old_size, .proof = {}, .note = *log.checkpoint()};
  if (old_size > 0) request.proof = *log.consistency(old_size, log.published()->size);
  return request;
}

int status(World& world, const AddCheckpoint& request) {
  return world.witness->add_checkpoint(request.text(), world.now).status;
}

}  // namespace

TEST_CASE("a witness cosigns what continues the last checkpoint, and the log keeps the cosignature") {
  World world;
  const auto log = world.log();
  auto peer = world.peer();
  CHECK(*ask_witness(*log, peer) == Cosigned::nothing_to_sign);
  for (const int count : {3, 1, 300}) {
    grow(*log, count);
    CHECK(*ask_witness(*log, peer) == Cosigned::done);
    CHECK(cosigned_by(*log->checkpoint(), world.witness_key)->has_value());
    CHECK(*ask_witness(*log, peer) == Cosigned::nothing_to_sign);
  }
  CHECK(Checkpoint::parse((*world.witness->last("a.example/log"))->text)->size == 304);
  auto forgetful = world.peer();  // a log that does not know what was cosigned asks from where to go on
  grow(*log, 2);
  CHECK(*ask_witness(*log, forgetful) == Cosigned::done);
  CHECK(cosigned_by(*world.log()->checkpoint(), world.witness_key)->has_value());
}

TEST_CASE("during an overlap log and witness sign by both keys, behind it by the new one alone") {
  World world;
  const auto log = world.log();
  auto peer = world.peer();
  const auto new_log_key = *NoteKey::make("a.example/log", NoteKeyType::ed25519, key_of('b').verify_key());
  const auto new_witness_key =
      *NoteKey::make("w.example", NoteKeyType::cosignature, key_of('x').verify_key());
  peer.others = {new_witness_key};
  const auto signed_by_all = [&](std::initializer_list<NoteKey> keys) {
    const auto note = *log->checkpoint();
    return std::ranges::all_of(keys, [&](const NoteKey& key) { return *signed_by(note, key); });
  };
  grow(*log, 3);
  CHECK(*ask_witness(*log, peer) == Cosigned::done);

  // Who knows the old keys alone goes on, and who knows the new ones too: the same checkpoint, no larger one.
  log->use(*signers_of("a.example/log", NoteKeyType::ed25519, key_of('b'), {{key_of('a')}}));
  world.witness->use(*signers_of("w.example", NoteKeyType::cosignature, key_of('x'), {{key_of('w')}}));
  REQUIRE(log->publish());
  CHECK(log->published()->size == 3);
  CHECK(signed_by_all({world.log_key, new_log_key}));
  CHECK(cosigned_by(*log->checkpoint(), world.witness_key)->has_value());  // what stood there stays
  grow(*log, 1);
  CHECK(signed_by_all({world.log_key, new_log_key}));
  CHECK(*ask_witness(*log, peer) == Cosigned::done);
  CHECK(cosigned_by(*log->checkpoint(), world.witness_key)->has_value());
  CHECK(cosigned_by(*log->checkpoint(), new_witness_key)->has_value());

  log->use(*signers_of("a.example/log", NoteKeyType::ed25519, key_of('b')));
  world.witness->use(*signers_of("w.example", NoteKeyType::cosignature, key_of('x')));
  CHECK(log->key() == new_log_key);
  grow(*log, 1);
  CHECK(*signed_by(*log->checkpoint(), new_log_key));
  CHECK_FALSE(*signed_by(*log->checkpoint(), world.log_key));
  CHECK(status(world, request_of(*log, 4)) == 403);  // to the witness it is nobody's log now
  world.log_key = new_log_key;
  peer.key = new_witness_key;
  CHECK(*ask_witness(*log, peer) == Cosigned::done);
  CHECK_FALSE(cosigned_by(*log->checkpoint(), world.witness_key)->has_value());
}

TEST_CASE("a log whose keys are lost takes their signature away from what it signed last") {
  World world;
  auto log = world.log();
  grow(*log, 3);
  SUBCASE("at once") {
    log->use(*signers_of("a.example/log", NoteKeyType::ed25519, key_of('b')));
  }
  SUBCASE("also when it was closed before it could") {
    log.reset();
    log = *NodeLog::open(
        {.folder = "log", .signers = *signers_of("a.example/log", NoteKeyType::ed25519, key_of('b'))},
        world.log_fs);
  }
  REQUIRE(log->publish());
  CHECK(*signed_by(*log->checkpoint(), log->key()));
  CHECK_FALSE(*signed_by(*log->checkpoint(), world.log_key));
  CHECK(log->published()->size == 3);
}

TEST_CASE("of a witness's answer only its own cosignature stands beside the checkpoint") {
  World world;
  const auto log = world.log();
  auto peer = world.peer();
  peer.send = [send = peer.send, &log](const std::string& body) -> Result<std::pair<int, std::string>> {
    auto answer = TRY(send(body));
    for (std::uint32_t i = 0; i < 99; ++i)
      answer.second += write_signature({.name = i == 0 ? log->origin() : "w.example",
                                        .key_id = i == 0 ? log->key().id() : i,
                                        .signature = Bytes(72, 'x')});
    return answer;
  };
  grow(*log, 3);
  CHECK(*ask_witness(*log, peer) == Cosigned::done);
  const auto note = *log->checkpoint();
  CHECK(note.signatures.size() == 2);
  CHECK(*signed_by(note, world.log_key));
  CHECK(cosigned_by(note, world.witness_key)->has_value());
}

TEST_CASE("a witness answers each wrong request as its protocol says") {
  World world;
  const auto log = world.log();
  grow(*log, 5);
  CHECK(status(world, request_of(*log, 0)) == 200);
  const auto five = *log->checkpoint();
  grow(*log, 4);
  auto request = request_of(*log, 5);

  auto unknown = request;
  unknown.note.text = "b.example/log" + unknown.note.text.substr(unknown.note.text.find('\n'));
  CHECK(status(world, unknown) == 404);
  auto unsigned_one = request;
  unsigned_one.note.signatures = {sign_note(request.note.text, world.log_key, key_of('x'))};
  CHECK(status(world, unsigned_one) == 403);
  auto larger = request;
  larger.old_size = 10;
  CHECK(status(world, larger) == 400);
  const auto behind = world.witness->add_checkpoint(request_of(*log, 3).text(), world.now);
  CHECK(behind.status == 409);
  CHECK(behind.body == "5\n");
  CHECK(behind.type == "text/x.tlog.size");
  auto unproved = request;
  unproved.proof.front() = leaf_hash("x");
  CHECK(status(world, unproved) == 422);
  CHECK(status(world, request) == 200);
  CHECK(world.witness->add_checkpoint("old 1\n", world.now).status == 400);
  CHECK(world.witness->add_checkpoint("", world.now).status == 400);

  // A checkpoint of before is replayed: it was cosigned, and is so no more.
  AddCheckpoint replayed{.old_size = 5, .proof = {}, .note = five};
  CHECK(status(world, replayed) == 409);
}

TEST_CASE("a fork is refused, and the evidence convinces a third member") {
  World world;
  const auto log = world.log();
  const auto other = world.log("other");
  auto peer = world.peer();
  grow(*log, 5);
  REQUIRE(ask_witness(*log, peer));
  SUBCASE("two checkpoints of one size") {
    grow(*other, 5, "other");
    CHECK(status(world, request_of(*other, 0)) == 409);
    CHECK(status(world, {.old_size = 5, .proof = {}, .note = *other->checkpoint()}) == 422);
  }
  SUBCASE("a larger one of another history") {
    grow(*other, 8, "other");
    CHECK(status(world, request_of(*other, 5)) == 422);
  }
  const auto files = *world.witness->evidence();
  REQUIRE(files.size() == 1);
  const auto evidence = Evidence::parse(files[0]);
  REQUIRE(evidence);
  CHECK(*judge(*evidence, world.log_key) == Finding::fork);
  const auto stranger = *NoteKey::make("a.example/log", NoteKeyType::ed25519, key_of('x').verify_key());
  CHECK(!judge(*evidence, stranger));
  auto harmless = *evidence;
  harmless.second = harmless.first;
  CHECK(!judge(harmless, world.log_key));
  CHECK(Evidence::parse(files[0] + "more\n").error().code == ErrorCode::invalid);
}

TEST_CASE("what merely lacks its proof is kept, and accuses nobody") {
  World world;
  const auto log = world.log();
  grow(*log, 5);
  REQUIRE(status(world, request_of(*log, 0)) == 200);
  grow(*log, 5);
  auto request = request_of(*log, 5);
  request.proof.clear();
  CHECK(status(world, request) == 422);
  const auto evidence = *Evidence::parse(world.witness->evidence()->front());
  CHECK(*judge(evidence, world.log_key) == Finding::unproved);
  CHECK(status(world, request_of(*log, 5)) == 200);  // the log clears itself
}

namespace {

/// Whether a witness that loses power at any call ever cosigns two histories.
bool cosigns_a_fork(Witness::Defect defect, bool disk_lies) {
  for (std::uint64_t call = 1; call < 40; ++call) {
    World world;
    world.defect = defect;
    if (disk_lies) world.witness_fs.lie_about_syncs();
    world.start();
    SeededRandom random(call);
    const auto log = world.log();
    const auto other = world.log("other");
    grow(*log, 5);
    grow(*other, 7, "other");
    world.witness_fs.cut_power_after(call);
    const bool cosigned = status(world, request_of(*log, 0)) == 200;
    world.witness_fs.restart(random);
    world.start();
    if (cosigned && status(world, request_of(*other, 0)) == 200) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a witness that loses power never cosigns a second history") {
  CHECK(!cosigns_a_fork(Witness::Defect::none, false));
  CHECK(cosigns_a_fork(Witness::Defect::answers_before_keeping, false));  // the test notices
  CHECK(cosigns_a_fork(Witness::Defect::none, true));
}

TEST_CASE("a witness does not date a cosignature before the last") {
  World world;
  const auto log = world.log();
  grow(*log, 1);
  REQUIRE(status(world, request_of(*log, 0)) == 200);
  grow(*log, 1);
  world.now = world.now - hours(1);
  CHECK(status(world, request_of(*log, 1)) == 503);
}

TEST_CASE("a log that was put back is told so by its witness") {
  World world;
  auto peer = world.peer();
  {
    const auto log = world.log();
    grow(*log, 5);
    REQUIRE(log->copy_to("copy"));
    grow(*log, 5);
    REQUIRE(*ask_witness(*log, peer) == Cosigned::done);
  }
  REQUIRE(world.log_fs.remove("copy/copy"));  // put back behind its own back
  const auto restored = world.log("copy");
  grow(*restored, 1, "other");
  auto forgetful = world.peer();
  CHECK(*ask_witness(*restored, forgetful) == Cosigned::behind);
}

TEST_CASE("a witness that was put back from a backup does not cosign another past of a log") {
  World world;
  const auto log = world.log("theirs");
  grow(*log, 3);
  const auto fork = world.log("fork");
  grow(*fork, 5, "other");

  const auto own_key = *NoteKey::make("w.example/log", NoteKeyType::ed25519, key_of('o').verify_key());
  const auto own = *NodeLog::open({.folder = "log", .signers = {{own_key, key_of('o')}}}, world.witness_fs);
  const auto witness_in = [&](const std::string& folder) {
    Witness::Options options{.folder = folder + "/witness", .signers = {{world.witness_key, key_of('w')}}};
    options.logs = [&](const std::string&) { return std::vector{world.log_key}; };
    return Witness(std::move(options), world.witness_fs);
  };
  auto witness = witness_in("log");
  grow(*own, 1);
  REQUIRE(own->copy_to("before"));  // nothing was witnessed yet
  REQUIRE(witness.add_checkpoint(request_of(*log, 0).text(), world.now).status == 200);
  AddCheckpoint wrong{.old_size = 3, .proof = *log->consistency(3, 3), .note = *fork->checkpoint()};
  REQUIRE(witness.add_checkpoint(wrong.text(), world.now).status == 422);
  REQUIRE(witness.evidence()->size() == 1);

  REQUIRE(own->copy_to("copy"));
  auto restored = witness_in("copy");
  CHECK(restored.evidence()->size() == 1);
  CHECK(restored.last("a.example/log")->has_value());
  CHECK(restored.add_checkpoint(request_of(*fork, 0).text(), world.now).status == 409);
}

TEST_CASE("a witness's word alone does not stop a log") {
  World world;
  const auto log = world.log();
  grow(*log, 5);
  auto liar = world.peer();
  REQUIRE(*ask_witness(*log, liar) == Cosigned::done);
  grow(*log, 1);
  liar.send = [](const std::string&) -> Result<std::pair<int, std::string>> {
    return std::pair{409, std::string("1000000\n")};
  };
  const auto code_of_answer = [&] {
    const auto asked = ask_witness(*log, liar);
    return asked ? "held" : name_of(asked.error().code);
  };
  CHECK(code_of_answer() == name_of(ErrorCode::invalid));  // shows one of before

  const auto made_up = "a.example/log\n1000000\n" + log->checkpoint()->text.substr(16);
  const auto other = *NoteKey::make("a.example/log", NoteKeyType::ed25519, key_of('z').verify_key());
  liar.cosigned_last = [&]() -> Result<std::string> {
    return write_note({.text = made_up, .signatures = {sign_note(made_up, other, key_of('z'))}});
  };
  CHECK(code_of_answer() == name_of(ErrorCode::invalid));  // shows one of its own making
  liar.cosigned_last = []() -> Result<std::string> { return fail(ErrorCode::unavailable, "not now"); };
  CHECK(code_of_answer() == name_of(ErrorCode::unavailable));
}

namespace {

class OtherCopy final : public LogSource {
 public:
  explicit OtherCopy(const NodeLog& log) : log_(log) {}
  Result<Bytes> get(const std::string& path) override {
    if (path == "checkpoint") return write_note(*log_.checkpoint());
    const auto name = TRY(TileName::parse(path));
    return log_.tile(name);
  }

 private:
  const NodeLog& log_;
};

}  // namespace

TEST_CASE("a restored log signs nothing until it caught up, and then continues what its witness saw") {
  World world;
  auto peer = world.peer();
  const auto log = world.log();
  grow(*log, 400);
  REQUIRE(log->copy_to("copy"));
  const NewEntry told{.entry = *clear_entry("withdrawn", "key 1")};
  REQUIRE(log->append({&told, 1}));
  grow(*log, 300);
  REQUIRE(*ask_witness(*log, peer) == Cosigned::done);

  const auto restored = world.log("copy");
  CHECK(restored->is_held());
  CHECK(restored->append({&told, 1}).error().code == ErrorCode::unavailable);
  REQUIRE(restored->publish());
  CHECK(restored->published()->size == 400);  // nothing new was signed
  const auto other = world.log("other");
  grow(*other, 900, "other");
  OtherCopy wrong(*other);
  CHECK(restored->catch_up(wrong).error().code == ErrorCode::invalid);
  OtherCopy mirror(*log);
  const auto clear = restored->catch_up(mirror);
  REQUIRE(clear);
  REQUIRE(clear->size() == 1);
  CHECK(clear->front().kind == "withdrawn");
  CHECK(restored->size() == 701);
  REQUIRE(restored->resume(world.now));
  CHECK(!restored->is_held());
  REQUIRE(restored->publish());
  CHECK(restored->size() == 702);
  CHECK((*read_entry(*restored->entry(701)))->kind == "restored");
  CHECK(*ask_witness(*restored, peer) == Cosigned::done);
  CHECK(world.witness->evidence()->empty());
  CHECK(!world.log("copy")->is_held());
}
