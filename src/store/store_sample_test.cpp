// Databases that earlier programs wrote stay readable, and the way back to them stays open.
//
// samples/store/vN.db was written under schema version N and is never changed. A new schema version adds the
// file that it writes.

#include <cstdlib>

#include "store/sqlite_schema.h"
#include "store/store_world.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

const auto us = scope_of(ours);
const auto inside = scope_of(partner, {circle});
const Bytes kept_blob = "bytes named by their digest";

/// What every sample holds.
void fill(Rig& rig) {
  for (std::uint32_t i = 1; i <= 10; ++i)
    rig.put(holding(
        indicator(i, {.name = fmt::format("Sample {}", i), .domain = fmt::format("s{}.example", i)})));
  rig.put(holding(indicator(1, {.minute = 5, .name = "Sample one again"})));
  rig.put(holding(relationship(1, indicator_id(2), indicator_id(3)), {.source = member_source()}));
  rig.tend();
  auto embargoed = shared_with(circle);
  embargoed.embargo = start + hours(24);
  rig.put(holding(indicator(11), {.label = embargoed}));
  Query gone;
  gone.ids = {indicator_id(4)};
  REQUIRE(*rig.objects().remove(us, gone) == 1);
  const Write write{.table = Table::account, .key = "ann", .value = "a row", .expected = {}};
  REQUIRE(rig.store->records().write({&write, 1}));
  REQUIRE(rig.store->blobs().put(kept_blob));
  REQUIRE(rig.store->settings().set("name", "sample"));
  const Bytes entry = "an entry";
  REQUIRE(rig.store->audit().append({&entry, 1}));
}

void verify(Rig& rig) {
  const auto findings = rig.store->check();
  REQUIRE(findings);
  for (const auto& finding : *findings) MESSAGE(finding);
  CHECK(findings->empty());
  CHECK(rig.find(us).size() == 11);      // ten indicators and a relationship
  CHECK(rig.find(inside).size() == 10);  // not the one under embargo
  Query value;
  value.values = {*model::canonical(model::ValueKind::domain, "s7.example")};
  REQUIRE(rig.find(us, value).size() == 1);
  CHECK(rig.find(us, value).front().id == indicator_id(7));
  rig.tend();
  Query words;
  words.words = "one again";
  CHECK(rig.find(us, words).size() == 1);
  CHECK(rig.objects().versions(us, indicator_id(1), {})->size() == 2);
  const auto feed = rig.objects().changes(us, 0, 1000);
  REQUIRE(feed);
  CHECK(feed->changes.back().kind == ChangeKind::deleted);
  CHECK(feed->changes.back().holding.id == indicator_id(4));
  CHECK(rig.store->records().read(Table::account, "ann")->value == "a row");
  CHECK(*rig.store->blobs().get(sha256(kept_blob)) == kept_blob);
  CHECK(**rig.store->settings().get("name") == "sample");
  CHECK(rig.store->audit().read(0, 10)->front().entry == "an entry");
}

std::string sample_of(int version) {
  return fmt::format("{}/samples/store/v{}.db", SHIELDWALL_SOURCE_DIR, version);
}

}  // namespace

TEST_CASE("a database written under each schema version is read, goes back to it, and comes up again") {
  for (int version = 1; version <= schema_version; ++version) {
    CAPTURE(version);
    REQUIRE(std::filesystem::exists(sample_of(version)));
    CHECK(std::filesystem::file_size(sample_of(version)) < 200'000);
    Rig rig(Kind::sqlite);
    rig.store = nullptr;
    std::filesystem::copy_file(sample_of(version),
                               rig.folder.path() + "/node.db",
                               std::filesystem::copy_options::overwrite_existing);
    rig.reopen();
    verify(rig);
    CHECK(rig.put(holding(indicator(7, {.name = "Sample 7", .domain = "s7.example"}))).status ==
          PutStatus::duplicate);
    rig.store = nullptr;
    REQUIRE(bring_schema_back(rig.folder.path(), rig.seams(), version));
    rig.reopen();
    verify(rig);
  }
}

TEST_CASE("the newest sample is what this program writes") {
  // To make the sample of a new version: SHIELDWALL_WRITE_SAMPLE=1 store_test -tc='the newest sample*'
  Rig rig(Kind::sqlite);
  fill(rig);
  verify(rig);
  rig.store = nullptr;
  const bool write = std::getenv("SHIELDWALL_WRITE_SAMPLE") != nullptr;
  for (int version = schema_version; write && version >= 1; --version) {
    REQUIRE(bring_schema_back(rig.folder.path(), rig.seams(), version));
    if (!std::filesystem::exists(sample_of(version)))
      std::filesystem::copy_file(rig.folder.path() + "/node.db", sample_of(version));
  }
  CHECK(std::filesystem::exists(sample_of(schema_version)));
}
