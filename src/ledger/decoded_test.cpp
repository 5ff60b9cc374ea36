#include "ledger/decoded.h"

#include <doctest/doctest.h>

#include "base/fs.h"

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

int times_decoded = 0;

Result<std::string> decode(std::string_view row) {
  ++times_decoded;
  if (row == "bad") return fail(ErrorCode::invalid, "not to be read");
  return std::string(row) + "!";
}

struct Rig {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random{1};
  std::unique_ptr<store::Store> store =
      *store::open_memory({.clock = clock, .random = random, .fs = system_fs()});

  void write(std::string_view value) {
    const store::Write row{
        .table = store::Table::circle, .key = "k", .value = Bytes(value), .expected = std::nullopt};
    REQUIRE(store->records().write({&row, 1}));
  }
};

}  // namespace

TEST_CASE("a row is decoded when its bytes are new, however often it is read, and is told by its revision") {
  Rig one;
  Rig other;
  Decoded<std::string> rows;
  const auto read = [&](Rig& rig) {
    return rows.read(rig.store->records(), store::Table::circle, "k", decode, "thing");
  };
  times_decoded = 0;
  CHECK(read(one).error().code == ErrorCode::not_found);
  one.write("a");
  for (int again = 0; again < 3; ++again) CHECK(read(one)->value == "a!");
  CHECK(times_decoded == 1);
  const auto before = read(one)->revision;
  one.write("a");
  CHECK(read(one)->revision > before);
  other.write("b");
  CHECK(read(other)->value == "b!");
  CHECK(read(one)->value == "a!");
  one.write("bad");
  CHECK(read(one).error().code == ErrorCode::corrupt);
  one.write("c");
  CHECK(read(one)->value == "c!");
}
