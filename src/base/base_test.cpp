#include <atomic>
#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/eventual.h"
#include "base/executor.h"
#include "base/fs.h"
#include "base/ids.h"
#include "base/text.h"

using namespace shieldwall;

namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(ErrorCode::invalid, "{} is odd", n);
  return n / 2;
}

Result<int> quarter(int n) {
  const auto h = TRY(half(n));
  return half(h);
}

}  // namespace

TEST_CASE("TRY unwraps a value and passes an error on") {
  CHECK(quarter(8) == 2);
  CHECK(quarter(6).error().message == "3 is odd");
}

TEST_CASE("a digest is the one of FIPS 180-4, whole or in pieces") {
  const auto* const known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(sha256("abc").hex() == known);
  Sha256 pieces;
  pieces.add("a");
  pieces.add("bc");
  CHECK(pieces.finish() == *Digest::parse(known));
  CHECK(!Digest::parse("ba78"));
}

TEST_CASE("a keyed digest is the one of RFC 4231, with a short key, a long one, and one of no bytes") {
  CHECK(hmac_sha256("Jefe", "what do ya want for nothing?").hex() ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(
      hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First").hex() ==
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hmac_sha256("", "").hex() == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("base64 is strict") {
  CHECK(to_base64("hello") == "aGVsbG8=");
  CHECK(from_base64("aGVsbG8=") == "hello");
  for (const auto* text : {"aGVsbG8", "aGVs bG8=", "aGVsbG9=", "=", "a"})
    CHECK_MESSAGE(!from_base64(text), text);
  CHECK(from_base64url(to_base64url("\xff\xfe\xfd")) == "\xff\xfe\xfd");
}

TEST_CASE("a UUID reads and writes the same, and version 5 is RFC 9562's") {
  const auto dns = *Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  CHECK(Uuid::named(dns, "www.example.com").text() == "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  CHECK(Uuid::random(system_random()).version() == 4);
  for (const auto* text : {"",
                           "6ba7b810-9dad-11d1-80b4-00c04fd430c",
                           "6ba7b810+9dad-11d1-80b4-00c04fd430c8",
                           "6ba7b810-9dad-11d1-80b4-00c04fd430cg"})
    CHECK_MESSAGE(!Uuid::parse(text), text);
}

TEST_CASE("a seed replays, another does not") {
  SeededRandom a(1);
  SeededRandom b(1);
  SeededRandom c(2);
  const auto first = a.bytes(40);
  CHECK(first == b.bytes(40));
  CHECK(first != c.bytes(40));
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(a.below(5));
  CHECK(seen == std::set<std::uint64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("threads that draw from one seeded stream share it out, and draw nothing twice") {
  constexpr int words = 20'000;
  constexpr int threads = 4;
  SeededRandom alone(5);
  SeededRandom shared(5);
  std::set<std::uint64_t> expected;
  for (int i = 0; i < words * threads; ++i) expected.insert(alone.next());
  std::vector<std::vector<std::uint64_t>> drawn(threads);
  {
    std::vector<std::jthread> drawing;
    for (auto& own : drawn)
      drawing.emplace_back([&] {
        for (int i = 0; i < words; ++i) own.push_back(shared.next());
      });
  }
  std::set<std::uint64_t> found;
  for (const auto& own : drawn) found.insert(own.begin(), own.end());
  CHECK(found == expected);
}

TEST_CASE("UTF-8 that is overlong, cut, a surrogate or too large is refused") {
  CHECK(is_valid_utf8("plain, \xc3\xa9, \xe2\x82\xac, \xf0\x9f\x9b\xa1"));
  for (const auto* text :
       {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\x80", "\xff"})
    CHECK_FALSE(is_valid_utf8(text));
}

TEST_CASE("an excerpt never cuts a character nor prints a control character") {
  CHECK(excerpt("a\nb\x1b") == "a?b?");
  CHECK(excerpt("\xe2\x82\xac\xe2\x82\xac", 4) == "\xe2\x82\xac...");
}

TEST_CASE("a full pool refuses, and what it took is done before it ends") {
  std::atomic<int> done = 0;
  std::atomic<bool> go = false;
  {
    ThreadPool pool(1, 2);
    REQUIRE(pool.post([&] { go.wait(false); }));
    while (pool.waiting() != 0) {
    }
    CHECK(pool.post([&] { ++done; }));
    CHECK(pool.post([&] { ++done; }));
    CHECK_FALSE(pool.post([&] { ++done; }));
    go = true;
    go.notify_all();
  }
  CHECK(done == 2);
}

TEST_CASE("pieces of work that wait for one another each get a worker, whoever is asleep") {
  constexpr int workers = 4;
  constexpr int rounds = 200;
  ThreadPool pool(workers, 64);
  std::atomic<int> late = 0;
  for (int round = 0; round < rounds; ++round) {
    std::atomic<int> met = 0;
    std::atomic<int> done = 0;
    for (int i = 0; i < workers; ++i)
      REQUIRE(pool.post([&] {
        ++met;
        const auto deadline = Deadline::in(seconds(2), system_clock());
        while (met < workers && !deadline.passed()) std::this_thread::yield();
        late += met < workers ? 1 : 0;
        ++done;
      }));
    while (done < workers) std::this_thread::yield();
    if (late > 0) break;  // two seconds each
  }
  CHECK(late == 0);
}

TEST_CASE("a deadline passes with the steady clock, whatever the wall clock does") {
  ManualClock clock(Timestamp{0});
  const auto deadline = Deadline::in(seconds(2), clock);
  clock.set_wall(Timestamp::never());
  CHECK_FALSE(deadline.passed());
  clock.advance(seconds(2));
  CHECK(deadline.passed());
}

TEST_CASE("files: replaced whole, errors by kind") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("shieldwall-fs-" + std::to_string(::getpid()));
  auto& fs = system_fs();
  REQUIRE(fs.make_directory(folder.string()));
  const auto path = (folder / "a").string();
  CHECK(read_file(fs, path, 10).error().code == ErrorCode::not_found);
  CHECK(write_file_durably(fs, path, "one"));
  CHECK(write_file_durably(fs, path, "three"));
  CHECK(read_file(fs, path, 10) == "three");
  CHECK(read_file(fs, path, 4).error().code == ErrorCode::exhausted);
  CHECK(fs.open(path, OpenMode::create_new).error().code == ErrorCode::conflict);
  CHECK(fs.list(folder.string()) == std::vector<std::string>{"a"});
  std::filesystem::remove_all(folder);
}

TEST_CASE("a file opened exclusively is refused to the next opener until it is closed") {
  const auto path =
      (std::filesystem::temp_directory_path() / ("shieldwall-lock-" + std::to_string(::getpid()))).string();
  auto& fs = system_fs();
  {
    const auto held = fs.open_exclusively(path);
    REQUIRE(held);
    CHECK(fs.open_exclusively(path).error().code == ErrorCode::conflict);
  }
  CHECK(fs.open_exclusively(path));
  CHECK(fs.remove(path));
}

TEST_CASE("what a piece of work held is free once it is done, also where the next waited for it") {
  std::vector<std::weak_ptr<int>> held;
  std::shared_future<int> before;
  const auto run = [](const std::function<void()>& work) { work(); };
  for (int number = 1; number <= 3; ++number) {
    auto own = std::make_shared<int>(number);
    held.push_back(own);
    before = eventually(
        run, [own = std::move(own), before] { return *own + (before.valid() ? before.get() : 0); });
  }
  CHECK(before.get() == 1 + 2 + 3);
  for (const auto& one : held) CHECK(one.expired());
}
