#include "ledger/log/node_log.h"

#include <filesystem>
#include <map>
#include <thread>

#include <doctest/doctest.h>
#include <unistd.h>

#include "crash_fs.h"
#include "store/fault_fs.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

SigningKey a_key() {
  return *SigningKey::from_seed(std::string(SigningKey::seed_bytes, 'k'));
}

/// A log on a disk of its own, and what was heard from it.
struct World {
  tests::CrashFs fs;
  std::map<std::uint64_t, Bytes> acknowledged;
  std::map<std::uint64_t, Bytes> opened;  // what `keep` was given
  std::vector<Checkpoint> given;          // that anybody could have read
  NodeLog::Defect defect = NodeLog::Defect::none;
  bool keeps = true;
  std::uint64_t journal_bytes_max = 2'000;
  std::uint64_t stops = 0;

  Result<std::unique_ptr<NodeLog>> open() { return open(fs); }
  Result<std::unique_ptr<NodeLog>> open(Fs& on) {
    NodeLog::Options options{.folder = "log",
                             .signers = *signers_of("a.example/log", NoteKeyType::ed25519, a_key()),
                             .journal_bytes_max = journal_bytes_max,
                             .defect = defect};
    options.keep = [this](std::span<const Opening> openings) -> Done {
      if (!keeps) return fail(ErrorCode::exhausted, "the store is full");
      for (const auto& opening : openings) opened[opening.index] = opening.bytes;
      return {};
    };
    options.stop = [this](std::string_view) { ++stops; };
    return NodeLog::open(std::move(options), on);
  }
};

NewEntry entry_of(std::uint64_t i) {
  return {.entry = fmt::format("entry {}", i), .opening = fmt::format("opening {}", i)};
}

/// All that was acknowledged is there; whatever was signed and given out is a beginning of what there is.
std::string fault_in(World& world, NodeLog& log) {
  if (const auto done = log.publish(); !done) return "publish: " + done.error().message;
  std::vector<Bytes> held;
  for (std::uint64_t index = 0; index < log.size(); index += tile_hashes) {
    const auto width = std::min<std::uint64_t>(tile_hashes, log.size() - index);
    const auto bundle = log.tile({.level = TileName::entries, .index = index / tile_hashes, .width = width});
    if (!bundle) return bundle.error().message;
    const auto entries = entries_of(*bundle);
    for (const auto entry : *entries) held.emplace_back(entry);
  }
  for (const auto& [index, entry] : world.acknowledged)
    if (index >= held.size() || held[index] != entry)
      return fmt::format("entry {} was acknowledged and is not there", index);
  const auto now = log.published().value_or(Checkpoint{.origin = {}, .size = 0, .root = empty_root()});
  for (const auto& before : world.given) {
    if (before.size > now.size)
      return fmt::format("{} entries were signed, {} are there", before.size, now.size);
    const auto proof = log.consistency(before.size, now.size);
    if (!proof || !check_consistency(before.size, before.root, now.size, now.root, *proof))
      return fmt::format("the checkpoint over {} is not continued by the one over {}", before.size, now.size);
  }
  return {};
}

/// Appends and publishes until the power goes. Every entry is a number that is used once.
void work(World& world, NodeLog& log, Random& random, std::uint64_t& number) {
  for (int step = 0; step < 20 && !world.fs.is_off(); ++step) {
    if (random.below(4) == 0) {
      if (log.publish()) world.given.push_back(log.published().value_or(Checkpoint{}));
      continue;
    }
    std::vector<NewEntry> entries(1 + random.below(random.below(8) == 0 ? 300 : 20));
    for (auto& entry : entries) entry = entry_of(number++);
    const auto first = log.append(entries);
    if (!first) continue;
    for (std::size_t i = 0; i < entries.size(); ++i) world.acknowledged[*first + i] = entries[i].entry;
  }
}

/// What a history of five lives, each ended by a power cut, shows; empty: no fault.
std::string fault_in_history(std::uint64_t seed, NodeLog::Defect defect, bool disk_lies) {
  SeededRandom random(seed);
  World world;
  world.defect = defect;
  if (disk_lies) world.fs.lie_about_syncs();
  std::uint64_t number = 0;
  for (int life = 0; life < 5; ++life) {
    world.fs.cut_power_after(1 + random.below(life == 0 ? 40 : 150));
    if (auto log = world.open()) work(world, **log, random, number);
    world.fs.restart(random);
  }
  auto log = world.open();
  if (!log) return fmt::format("seed {}: {}", seed, log.error().message);
  if (const auto fault = fault_in(world, **log); !fault.empty())
    return fmt::format("seed {}: {}", seed, fault);
  for (const auto& [index, entry] : world.acknowledged)
    if (!world.opened.contains(index)) return fmt::format("seed {}: opening {} is lost", seed, index);
  return {};
}

/// The first fault of so many.
std::string fault_in_histories(std::uint64_t seeds, NodeLog::Defect defect, bool disk_lies) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    if (auto fault = fault_in_history(seed, defect, disk_lies); !fault.empty()) return fault;
  return {};
}

}  // namespace

TEST_CASE("what a log appended can be proved by its checkpoint alone") {
  World world;
  const auto log = *world.open();
  for (std::uint64_t i = 0; i < 700; ++i) {
    const auto entry = entry_of(i);
    REQUIRE(log->append({&entry, 1}) == i);
  }
  CHECK(log->entry(0).error().code == ErrorCode::not_found);  // not published yet
  REQUIRE(log->publish());
  for (const std::uint64_t i : {0, 255, 256, 511, 512, 699}) {
    const auto proof = log->prove(i);
    REQUIRE(proof);
    const auto again = ProofFile::parse(proof->text());
    REQUIRE(again);
    CHECK(check_proof(*again, entry_of(i).entry, log->key()));
    CHECK(!check_proof(*again, entry_of(i + 1).entry, log->key()));
  }
  CHECK(log->prove(700).error().code == ErrorCode::not_found);
  CHECK(world.opened.size() == 700);
  CHECK(world.opened[699] == "opening 699");
}

TEST_CASE("a log gives tiles of what it published and of nothing beyond") {
  World world;
  const auto log = *world.open();
  std::vector<NewEntry> entries;
  for (std::uint64_t i = 0; i < 600; ++i) entries.push_back(entry_of(i));
  REQUIRE(log->append(entries));
  REQUIRE(log->publish());
  REQUIRE(log->append(entries));
  CHECK(log->tile({.level = 0, .index = 1})->size() == 256 * 32);
  CHECK(log->tile({.level = 0, .index = 2, .width = 88})->size() == 88 * 32);
  CHECK(log->tile({.level = 0, .index = 2, .width = 5})->size() == 5 * 32);
  CHECK(log->tile({.level = 1, .index = 0, .width = 2})->size() == 2 * 32);
  CHECK(entries_of(*log->tile({.level = TileName::entries, .index = 2, .width = 88}))->size() == 88);
  CHECK(!log->tile({.level = 0, .index = 2, .width = 89}));
  CHECK(!log->tile({.level = 0, .index = 2}));
  CHECK(!log->tile({.level = 1, .index = 0, .width = 3}));
  CHECK(!log->tile({.level = 2, .index = 0, .width = 1}));
  CHECK(!log->tile({.level = TileName::entries, .index = 2, .width = 89}));
}

TEST_CASE("no power cut takes back what a log acknowledged, or lets it sign a fork") {
  CHECK(fault_in_histories(
            static_cast<std::uint64_t>(tests::test_size("log_cuts")), NodeLog::Defect::none, false) == "");
}

TEST_CASE("a checkpoint that a power cut left under two names is not written into") {
  for (std::uint64_t calls = 1;; ++calls) {
    World world;
    SeededRandom random(calls);
    std::uint64_t number = 0;
    const auto log = *world.open();
    const auto append = [&] {
      const auto entry = entry_of(number++);
      REQUIRE(log->append({&entry, 1}));
    };
    append();
    REQUIRE(log->publish());
    world.fs.link("log/checkpoint", "log/checkpoint.new");
    append();
    world.fs.cut_power_after(calls);
    const bool published = log->publish().has_value();
    world.fs.restart(random);
    CAPTURE(calls);
    CHECK(world.open());
    if (published) return;
  }
}

TEST_CASE("the test of power cuts notices a missing sync and an early acknowledgement") {
  CHECK(fault_in_histories(40, NodeLog::Defect::none, true) != "");
  CHECK(fault_in_histories(40, NodeLog::Defect::acknowledges_early, false) != "");
}

TEST_CASE("a failed call loses nothing that was acknowledged, and a failed sync ends the log") {
  for (const auto fault : {store::Fault::io_error,
                           store::Fault::disk_full,
                           store::Fault::short_write,
                           store::Fault::failed_sync})
    for (std::uint64_t call = 1; call < 100; call += 4) {
      CAPTURE(call);
      CAPTURE(static_cast<int>(fault));
      World world;
      store::FaultFs faulty(world.fs);
      SeededRandom random(call);
      std::uint64_t number = 0;
      faulty.arm(call, fault);
      if (auto log = world.open(faulty)) {
        work(world, **log, random, number);
        if (world.stops > 0) CHECK(!(*log)->append({}));
      }
      if (fault == store::Fault::disk_full) CHECK(world.stops == 0);
      world.fs.restart(random);
      const auto log = world.open();
      REQUIRE(log);
      CHECK(fault_in(world, **log) == "");
    }
}

TEST_CASE("a log whose tail or tiles were put back to an older state does not open") {
  World world;
  world.journal_bytes_max = 1u << 20;
  SeededRandom random(1);
  {
    const auto log = *world.open();
    std::vector<NewEntry> entries;
    for (std::uint64_t i = 0; i < 300; ++i) entries.push_back(entry_of(i));
    REQUIRE(log->append(entries));
    REQUIRE(log->publish());
  }
  SUBCASE("the journal is cut") {
    const auto file = *world.fs.open("log/journal-1", OpenMode::write);
    REQUIRE(file->truncate(*file->size() - 1));
  }
  SUBCASE("the journal is gone") {
    REQUIRE(world.fs.remove("log/journal-1"));
  }
  SUBCASE("an entry in it is another") {
    const auto file = *world.fs.open("log/journal-1", OpenMode::write);
    REQUIRE(file->write_at(200, "x"));
  }
  SUBCASE("another key signed the checkpoint") {
    const auto file = *world.fs.open("log/checkpoint", OpenMode::write);
    const auto other = SigningKey::make(random);
    const auto text = Checkpoint{.origin = "a.example/log", .size = 1, .root = leaf_hash("x")}.text();
    const auto name = *NoteKey::make("a.example/log", NoteKeyType::ed25519, other.verify_key());
    REQUIRE(file->truncate(0));
    REQUIRE(file->write_at(0, write_note({text, {sign_note(text, name, other)}})));
  }
  CHECK(!world.open());
}

TEST_CASE("entries of many threads share a sync, each at its own index") {
  const auto folder = fmt::format("/tmp/shieldwall-log-{}", ::getpid());
  std::vector<std::jthread> threads;
  NodeLog::Options options{.folder = folder,
                           .signers = *signers_of("a.example/log", NoteKeyType::ed25519, a_key()),
                           .journal_bytes_max = 20'000};
  const auto log = *NodeLog::open(std::move(options), system_fs());
  std::vector<std::map<std::uint64_t, Bytes>> written(4);
  for (std::size_t thread = 0; thread < written.size(); ++thread)
    threads.emplace_back([&, thread] {
      for (std::uint64_t i = 0; i < 60; ++i) {
        const std::vector<NewEntry> entries(3, {.entry = fmt::format("{} {}", thread, i)});
        if (const auto first = log->append(entries))
          for (std::uint64_t k = 0; k < 3; ++k) written[thread][*first + k] = entries[k].entry;
      }
    });
  for (int i = 0; i < 10; ++i) CHECK(log->publish());
  threads.clear();
  REQUIRE(log->publish());
  CHECK(log->size() == 4 * 60 * 3);
  for (const auto& entries : written) {
    CHECK(entries.size() == 180);
    for (const auto& [index, entry] : entries) CHECK(log->entry(index) == entry);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a store that does not take what the log noted loses nothing, and gets it later") {
  World world;
  const auto log = *world.open();
  world.keeps = false;
  const auto entry = entry_of(0);
  REQUIRE(log->append({&entry, 1}));
  CHECK(!log->publish());
  CHECK(!log->checkpoint());
  world.keeps = true;
  CHECK(log->publish());
  CHECK(world.opened[0] == "opening 0");
}
