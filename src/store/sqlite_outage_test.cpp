// What the machine under the store can do to it: cut the power, damage or lose the file, deny the folder.

#include <fstream>
#include <set>

#include <sys/stat.h>
#include <sys/wait.h>

#include "store/power_cut_fs.h"
#include "store/store_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

const auto us = scope_of(ours);

struct Told {
  std::set<std::uint32_t> put;
  std::set<std::uint32_t> removed;
  std::set<std::uint32_t> tried_to_remove;
  std::string setting;
};

/// Puts, removes, sets, and keeps in mind what was acknowledged before the power went.
Told session(const std::string& folder, PowerCutFs& fs, SqliteOptions options) {
  Told told;
  ManualClock clock{start};
  SeededRandom random(5);
  const auto opened =
      open_sqlite_with(folder, {.clock = clock, .random = random, .fs = fs, .stop = {}}, options);
  if (!opened) return told;
  auto& store = **opened;
  for (std::uint32_t number = 1; number <= 10; ++number) {
    const auto item = holding(indicator(number));
    const bool put = store.objects().put({&item, 1}, Deadline::none()).has_value();
    if (put && !fs.is_cut()) told.put.insert(number);
    if (number % 3 == 0) static_cast<void>(store.objects().tend(milliseconds(0)));
    if (number % 4 == 0 && !fs.is_cut()) {
      Query query;
      query.ids = {indicator_id(number - 1)};
      told.tried_to_remove.insert(number - 1);
      const bool removed = store.objects().remove(us, query).has_value();
      if (removed && !fs.is_cut()) told.removed.insert(number - 1);
    }
    const auto value = std::to_string(number);
    const bool set = store.settings().set("last", value).has_value();
    if (set && !fs.is_cut()) told.setting = value;
  }
  return told;
}

/// What of it is missing in a store opened from the image.
std::size_t lost(const std::string& image, const Told& told) {
  const auto opened = open_sqlite_with(
      image, {.clock = system_clock(), .random = system_random(), .fs = system_fs()}, small_segments());
  if (!opened) MESSAGE(opened.error().message);
  if (!opened) return told.put.size() + 1;
  auto& store = **opened;
  std::size_t missing = 0;
  for (const auto number : told.put)
    if (!told.tried_to_remove.contains(number) && !store.objects().get(us, indicator_id(number))) ++missing;
  for (const auto number : told.removed)
    if (store.objects().get(us, indicator_id(number))) ++missing;
  const auto setting = store.settings().get("last");
  const bool kept =
      setting && (told.setting.empty() || (*setting && std::stoi(**setting) >= std::stoi(told.setting)));
  const auto findings = store.check();
  return missing + (kept ? 0 : 1) + (findings ? findings->size() : 1);
}

std::size_t lost_by_cut(std::uint64_t call, const SqliteOptions& options) {
  const Folder folder;
  const Folder image;
  SeededRandom random(call);
  PowerCutFs fs(system_fs(), random);
  fs.cut_at(call, image.path());
  const auto told = session(folder.path(), fs, options);
  return lost(image.path(), told);
}

std::string bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("whenever the power goes, whatever was acknowledged is there and the store checks clean") {
  std::uint64_t calls = 0;
  {
    const Folder folder;
    SeededRandom random(1);
    PowerCutFs fs(system_fs(), random);
    const auto told = session(folder.path(), fs, small_segments());
    REQUIRE(told.put.size() == 10);
    REQUIRE(told.removed.size() == 2);
    calls = fs.calls();
  }
  const auto stride = static_cast<std::uint64_t>(tests::test_size("store_cut_stride"));
  for (std::uint64_t call = 1; call <= calls; call += stride) {
    CAPTURE(call);
    CHECK(lost_by_cut(call, small_segments()) == 0);
  }
}

TEST_CASE("a store that skips its syncs is caught by a power cut") {
  auto defective = small_segments();
  defective.skip_sync = true;
  std::size_t caught = 0;
  for (std::uint64_t call = 30; call < 200 && caught == 0; call += 7) caught += lost_by_cut(call, defective);
  CHECK(caught > 0);
}

TEST_CASE("a cut off database file is an error that names it and says what to do, at whatever length") {
  Rig rig(Kind::sqlite);
  for (std::uint32_t i = 1; i <= 20; ++i) rig.put(holding(indicator(i)));
  rig.tend();
  const auto path = rig.folder.path() + "/node.db";
  rig.store = nullptr;
  const auto whole = bytes_of_file(path);
  REQUIRE(whole.size() > 10 * 8192);
  for (const auto size : {std::size_t{50}, std::size_t{8192}, whole.size() / 2, whole.size() - 8192}) {
    CAPTURE(size);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    const auto opened = open_sqlite_with(rig.folder.path(), rig.seams(), small_segments());
    Error error;
    if (!opened) {
      error = opened.error();
    } else {
      const auto page = (*opened)->objects().find(us, {}, {}, 100, SIZE_MAX, Deadline::none());
      REQUIRE(!page);
      error = page.error();
    }
    CAPTURE(error.message);
    CHECK(error.code == ErrorCode::corrupt);
    CHECK(error.message.find(path) != std::string::npos);
    CHECK(error.message.find("backup") != std::string::npos);
  }
}

TEST_CASE("a folder that may not be written is an error that names it and says what is needed") {
  for (const bool has_store : {false, true}) {
    CAPTURE(has_store);
    const Folder folder;
    const auto path = folder.path() + "/node";
    if (has_store) {
      REQUIRE(open_sqlite(path, {.clock = system_clock(), .random = system_random(), .fs = system_fs()}));
    } else {
      std::filesystem::create_directories(path);
    }
    ::chmod(folder.path().c_str(), 0755);
    ::chmod(path.c_str(), 0555);
    int ends[2] = {};
    REQUIRE(::pipe(ends) == 0);
    const auto child = ::fork();
    if (child == 0) {
      constexpr uid_t nobody = 65534;  // root may write anywhere
      if (::geteuid() == 0 && ::setuid(nobody) != 0) ::_exit(3);
      const auto opened =
          open_sqlite(path, {.clock = system_clock(), .random = system_random(), .fs = system_fs()});
      const auto told =
          opened ? std::string("opened")
                 : fmt::format("{} {}", static_cast<int>(opened.error().code), opened.error().message);
      if (::write(ends[1], told.data(), told.size()) < 0) ::_exit(4);
      ::_exit(0);
    }
    ::close(ends[1]);
    std::string told(4096, '\0');
    const auto got = ::read(ends[0], told.data(), told.size());
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    ::chmod(path.c_str(), 0755);
    REQUIRE(got > 0);
    told.resize(static_cast<std::size_t>(got));
    CAPTURE(told);
    CHECK(told.starts_with(std::to_string(static_cast<int>(ErrorCode::denied))));
    CHECK(told.find(path) != std::string::npos);
    CHECK(told.find("needs to write") != std::string::npos);
  }
}
