#pragma once
// A small world for tests of the store: organisations, a circle, objects, and stores of each kind.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include "store/sqlite_parts.h"
#include "store/store.h"

namespace shieldwall::store::world {

inline Uuid numbered(std::uint8_t kind, std::uint32_t number) {
  Uuid uuid;
  uuid.bytes[0] = kind;
  uuid.bytes[6] = 0x40;  // version 4
  uuid.bytes[8] = 0x80;
  for (std::size_t i = 0; i < 4; ++i) uuid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return uuid;
}

inline const OrganisationId ours{numbered(1, 1)};
inline const OrganisationId partner{numbered(1, 2)};
inline const OrganisationId stranger{numbered(1, 3)};
inline const CircleId circle{numbered(2, 1)};
inline const CircleId other_circle{numbered(2, 2)};
inline const Timestamp start{1'700'000'000'000'000};

inline policy::Scope scope_of(OrganisationId organisation, std::vector<CircleId> circles = {}) {
  policy::Subject subject;
  subject.own.organisation = organisation;
  for (const auto& inside : circles)
    subject.own.circles.push_back({.circle = inside, .stays = {{.from = 1, .to = policy::Stay::open_end}}});
  return policy::Scope::of(std::move(subject));
}

/// What `owner` shares with a circle.
inline policy::Label shared_with(CircleId inside, OrganisationId owner = ours) {
  policy::Label label;
  label.tlp = policy::Tlp::amber;
  label.audience = {
      {.owner = owner, .inside = policy::CircleAudience{.circle = inside, .membership_version = 1}}};
  return label;
}

inline policy::Source own_source(OrganisationId organisation = ours) {
  return {.kind = policy::Source::Kind::own, .id = organisation.uuid};
}
inline policy::Source member_source(OrganisationId organisation = partner) {
  return {.kind = policy::Source::Kind::member, .id = organisation.uuid};
}

inline model::Object object_of_text(const std::string& text) {
  const auto document = model::JsonDocument::parse(text);
  REQUIRE_MESSAGE(document, text);
  auto object = model::read_object(document->root());
  if (!object)
    for (const auto& finding : object.error().findings) MESSAGE(finding.pointer << ": " << finding.message);
  REQUIRE_MESSAGE(object, text);
  return std::move(*object);
}

inline std::string searchable(const model::Object& object) {
  const auto document = model::JsonDocument::parse(*object.bytes);
  return model::searchable_text(document->root());
}

struct IndicatorFacts {
  int minute = 0;  // of `modified`
  std::string name = "An indicator";
  std::string domain = "one.example";
  std::string more = {};  // further members, with a comma in front
};

inline model::ObjectId indicator_id(std::uint32_t number) {
  return {"indicator", numbered(3, number)};
}

inline model::Object indicator(std::uint32_t number, const IndicatorFacts& facts = {}) {
  return object_of_text(fmt::format(
      R"({{"type":"indicator","spec_version":"2.1","id":"{}","created":"2024-01-01T00:00:00.000Z",)"
      R"("modified":"2024-01-01T00:{:02}:00.000Z","name":"{}","pattern":"[domain-name:value = '{}']",)"
      R"("pattern_type":"stix","valid_from":"2024-01-01T00:00:00Z"{}}})",
      indicator_id(number).text(),
      facts.minute,
      facts.name,
      facts.domain,
      facts.more));
}

inline model::Object domain_name(const std::string& name) {
  const auto text = fmt::format(R"({{"type":"domain-name","spec_version":"2.1","value":"{}")", name);
  const auto bare =
      model::JsonDocument::parse(text + R"(,"id":"domain-name--00000000-0000-4000-8000-000000000000"})");
  REQUIRE(bare);
  const auto id = model::deterministic_id(bare->root());
  REQUIRE(id);
  return object_of_text(fmt::format(R"({},"id":"{}"}})", text, id->text()));
}

inline model::Object relationship(std::uint32_t number,
                                  const model::ObjectId& from,
                                  const model::ObjectId& to) {
  return object_of_text(
      fmt::format(R"({{"type":"relationship","spec_version":"2.1","id":"relationship--{}",)"
                  R"("created":"2024-01-01T00:00:00.000Z","modified":"2024-01-01T00:00:00.000Z",)"
                  R"("relationship_type":"related-to","source_ref":"{}","target_ref":"{}"}})",
                  numbered(4, number).text(),
                  from.text(),
                  to.text()));
}

struct Held {
  policy::Source source = own_source();
  std::optional<CircleId> collection = circle;
  policy::Label label = shared_with(circle);
};

inline NewHolding holding(model::Object object, const Held& held = {}) {
  auto text = searchable(object);
  return {.object = std::move(object),
          .text = std::move(text),
          .source = held.source,
          .collection = held.collection,
          .label = held.label,
          .parts = {}};
}

enum class Kind { memory, sqlite };
inline constexpr Kind kinds[] = {Kind::memory, Kind::sqlite};

/// A folder of its own, gone with the test.
class Folder {
 public:
  Folder() {
    static int made = 0;
    path_ =
        std::filesystem::temp_directory_path() / fmt::format("shieldwall-store-{}-{}", ::getpid(), ++made);
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// Segments of a few changes, so that a small test has many.
inline SqliteOptions small_segments() {
  return {.cache_bytes = 64u << 10,
          .seal_changes = 7,
          .text_queue_bytes = 300,
          .words_chunk = 5,
          .merge_width = 2};
}

struct Rig {
  explicit Rig(Kind which, std::uint64_t seed = 1) : kind(which), random(seed) { reopen(); }

  Seams seams() { return {.clock = clock, .random = random, .fs = system_fs()}; }
  /// Closes the store and opens it again; one in memory starts empty.
  void reopen() {
    store = nullptr;
    auto opened = kind == Kind::memory ? open_memory(seams())
                                       : open_sqlite_with(folder.path(), seams(), small_segments());
    if (!opened) MESSAGE(opened.error().message);
    REQUIRE(opened);
    store = std::move(*opened);
  }
  Objects& objects() { return store->objects(); }
  /// All background work there is.
  void tend() {
    for (;;) {
      const auto more = objects().tend(milliseconds(10));
      REQUIRE(more);
      if (!*more) return;
    }
  }

  std::vector<PutOutcome> put(const std::vector<NewHolding>& batch) {
    auto outcomes = objects().put(batch, Deadline::none());
    if (!outcomes) MESSAGE(outcomes.error().message);
    REQUIRE(outcomes);
    return std::move(*outcomes);
  }
  PutOutcome put(NewHolding one) { return put(std::vector<NewHolding>{std::move(one)}).front(); }

  std::vector<policy::Holding> find(const policy::Scope& scope, const Query& query = {}) {
    auto page = objects().find(scope, query, {}, 10'000, SIZE_MAX, Deadline::none());
    if (!page) MESSAGE(page.error().message);
    REQUIRE(page);
    return std::move(page->holdings);
  }

  Kind kind;
  Folder folder;
  ManualClock clock{start};
  SeededRandom random;
  std::unique_ptr<Store> store;
};

}  // namespace shieldwall::store::world
